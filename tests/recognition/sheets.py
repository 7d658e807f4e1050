"""Sheets drawn for the tests: text whose truth is known, and what paper and scanners do to it."""

import unicodedata
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

FONTS = Path("/usr/share/fonts/truetype/dejavu")

LETTER = [
    "Kính gửi: Ban Tổ chức Đảng ủy Khối các cơ quan tỉnh",
    "",
    "Căn cứ Quy định về quản lý hồ sơ cán bộ, công chức, viên chức, chi bộ đề nghị",
    "chuyển hồ sơ của đồng chí Nguyễn Thị Phượng, sinh ngày 21 tháng 9 năm 1973,",
    "hiện công tác tại phòng Tổ chức, đến nơi nhận công tác mới theo nguyện vọng.",
    "",
    "Hồ sơ gồm có sơ yếu lý lịch, quyết định tuyển dụng, văn bằng và phiếu đánh giá",
    "hằng năm. Đề nghị đồng chí trưởng ban xem xét, giải quyết và thông báo kết quả",
    "bằng văn bản trước ngày 30 tháng 11 năm 2026 để đơn vị theo dõi.",
]
"""Lines of an invented letter, empty between paragraphs."""


def draw_sheet(lines=LETTER, *, dpi=200, points=12.0, paper=255, ink=20, width=8.27, height=5.85, top=0.8):
    """A sheet (RGB) of `width` × `height` inches with lines of text in DejaVu Serif, which has all the letters."""
    sheet = Image.new("RGB", (round(width * dpi), round(height * dpi)), (paper, paper, paper))
    pen = ImageDraw.Draw(sheet)
    font = letters(points, dpi)
    for place, line in enumerate(lines):
        pen.text((dpi * 0.8, top * dpi + place * points / 72 * dpi * 1.6), line, font=font, fill=(ink, ink, ink))
    return sheet


def draw_table(rows, widths, *, dpi=200, height=5.85, top=0.8, pitch=0.3, line=2):
    """A sheet with a ruled table from the first row down; `widths` in inches, a `|` in a cell starts its next line."""
    sheet = Image.new("RGB", (round(8.27 * dpi), round(height * dpi)), "white")
    pen, font = ImageDraw.Draw(sheet), letters(11, dpi)
    edges = [round((0.7 + sum(widths[:place])) * dpi) for place in range(len(widths) + 1)]
    y = round(top * dpi)
    for row in rows:
        tall = round(max(cell.count("|") + 1 for cell in row) * pitch * dpi * 0.8 + 0.1 * dpi)
        for left, right, cell in zip(edges, edges[1:], row, strict=False):
            pen.rectangle((left, y, right, y + tall), outline=(20, 20, 20), width=line)
            for place, part in enumerate(cell.split("|")):
                pen.text(
                    (left + 0.06 * dpi, y + 0.04 * dpi + place * pitch * dpi * 0.8), part, font=font, fill=(20, 20, 20)
                )
        y += tall
    return sheet


def letters(points, dpi=200, name="DejaVuSerif.ttf"):
    return ImageFont.truetype(str(FONTS / name), round(points / 72 * dpi))


def stamp(sheet, text, *, left, top, dpi=200, frame=True, ink=(205, 40, 50)):
    """Put a framed red stamp of 13 points on the sheet; `left` and `top` in inches."""
    pen = ImageDraw.Draw(sheet)
    font = letters(16, dpi, "DejaVuSerif-Bold.ttf")
    x, y = left * dpi, top * dpi
    box = pen.textbbox((x, y), text, font=font)
    pen.text((x, y), text, font=font, fill=ink)
    if frame:
        gap = 0.06 * dpi
        pen.rectangle((box[0] - gap, box[1] - gap, box[2] + gap, box[3] + gap), outline=ink, width=round(dpi / 60))
    return sheet


def seal(sheet, *, x, y, dpi=200, ink=(205, 40, 50)):
    """Press a round red seal of 36 mm over whatever is there; ink lets the black show through."""
    layer = Image.new("RGB", sheet.size, "white")
    pen = ImageDraw.Draw(layer)
    for radius, width in ((0.7, 6), (0.62, 2), (0.4, 3)):
        box = [(x - radius) * dpi, (y - radius) * dpi, (x + radius) * dpi, (y + radius) * dpi]
        pen.ellipse(box, outline=ink, width=width)
    font = letters(9, dpi, "DejaVuSans-Bold.ttf")
    for row, word in enumerate(("ĐẢNG BỘ", "TỈNH ỦY", "KHỐI")):
        pen.text((x * dpi, (y - 0.2 + row * 0.2) * dpi), word, font=font, fill=ink, anchor="mm")
    darker = np.minimum(np.asarray(sheet), np.asarray(layer))
    return Image.fromarray(darker)


def add_noise(sheet, *, strength=12.0, seed=1):
    """Grain of a scanner, the same for the same seed."""
    grain = np.random.default_rng(seed).normal(0, strength, np.asarray(sheet).shape)
    return Image.fromarray((np.asarray(sheet) + grain).clip(0, 255).astype(np.uint8))


def lean(sheet, degrees):
    """Turn the sheet clockwise by a few degrees as a feeder does."""
    return sheet.rotate(-degrees, resample=Image.Resampling.BICUBIC, expand=True, fillcolor="white")


def error_rate(read, truth):
    """Wrong characters per character of truth (CER), marks counted, white space folded."""
    read, truth = (" ".join(unicodedata.normalize("NFC", text).split()) for text in (read, truth))
    row = np.arange(len(truth) + 1)
    target = np.array([ord(letter) for letter in truth])
    for place, letter in enumerate(read, 1):
        best = np.minimum(row[:-1] + (target != ord(letter)), row[1:] + 1)
        row = np.minimum.accumulate(np.concatenate(([place], best)) - np.arange(len(truth) + 1)) + np.arange(
            len(truth) + 1
        )
    return row[-1] / len(truth)
