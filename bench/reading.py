"""How well and how cheaply pages are read, against Tesseract alone on the same pages in the same run.

    python bench/reading.py [--pages N] [--seed S]

Draws its own sheets (nothing is stored), puts them through a scanner's faults and prints per fault the character
error rate (CER, NFC, marks counted, white space folded) and the CPU seconds of our reading and of bare `tesseract`.
Only the ratio counts: absolute times depend on the machine and on what else it does.
"""

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path
from statistics import mean, median

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from oms.recognition import open_scan, read_page

FONTS = Path("/usr/share/fonts/truetype/dejavu")
DPI = 200
OPENINGS = ["Căn cứ", "Thực hiện", "Theo đề nghị của", "Xét", "Về việc", "Kèm theo", "Đề nghị"]
THINGS = [
    "quyết định tuyển dụng",
    "hồ sơ cán bộ, công chức",
    "phiếu đánh giá hằng năm",
    "sơ yếu lý lịch",
    "văn bằng, chứng chỉ",
    "nghị quyết của chi bộ",
    "bản kiểm điểm",
    "quy định về quản lý hồ sơ",
    "kết quả xếp loại",
    "biên bản giao nhận",
]
PLACES = ["Ban Tổ chức", "Văn phòng", "Đảng ủy Khối", "chi bộ Sở Tài chính", "phòng Nghiệp vụ", "Ủy ban Kiểm tra"]
NAMES = ["Nguyễn Thị Phượng", "Trần Quốc Huỳnh", "K'Brẻo", "Lê Đức Thuận", "Ka Sã Hương", "Phạm Ngọc Yến", "Vũ Hữu Quý"]


def write_lines(chance: random.Random) -> list[str]:
    """A page of invented sentences, and some lines of a form with dotted leaders (an empty leader is no text)."""
    lines = []
    for _ in range(18):
        day, month, year = chance.randint(1, 28), chance.randint(1, 12), chance.randint(1975, 2026)
        lines.append(
            f"{chance.choice(OPENINGS)} {chance.choice(THINGS)} ngày {day:02}/{month:02}/{year} của "
            f"{chance.choice(PLACES)}, đồng chí"
        )
        lines.append(f"{chance.choice(NAMES)} nộp {chance.choice(THINGS)} và {chance.choice(THINGS)}.")
    for label in ("Họ và tên:", "Nơi sinh:", "Dân tộc:", "Quê quán:"):
        lines.append(f"{label} {chance.choice(NAMES)} {'.' * chance.randint(20, 40)}")
    return lines


def draw(lines: list[str]) -> Image.Image:
    """The lines on A4 in DejaVu Serif of 11 points."""
    sheet = Image.new("RGB", (round(8.27 * DPI), round(11.69 * DPI)), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.truetype(str(FONTS / "DejaVuSerif.ttf"), round(11 / 72 * DPI))
    for row, line in enumerate(lines):
        pen.text((0.9 * DPI, 0.8 * DPI + row * 0.245 * DPI), line, font=font, fill=(25, 25, 30))
    return sheet


def press_seals(sheet: Image.Image) -> Image.Image:
    """Two red seals of 36 mm over the text."""
    layer = Image.new("RGB", sheet.size, "white")
    pen = ImageDraw.Draw(layer)
    for x, y in ((3.2, 3.0), (5.0, 7.0)):
        for radius, width in ((0.7, 8), (0.6, 3), (0.4, 4), (0.2, 20)):
            box = [(x - radius) * DPI, (y - radius) * DPI, (x + radius) * DPI, (y + radius) * DPI]
            pen.ellipse(box, outline=(205, 40, 50), width=width)
    return Image.fromarray(np.minimum(np.asarray(sheet), np.asarray(layer)))


def shade(sheet: Image.Image) -> Image.Image:
    """Yellow paper under a lamp on one side."""
    light = np.linspace(1.0, 0.6, sheet.width)[None, :, None] * np.array([1.0, 0.95, 0.8])
    return Image.fromarray((np.asarray(sheet) * light).astype(np.uint8))


def fade(sheet: Image.Image) -> Image.Image:
    """Pale ink, out of focus, with the grain of a sensor."""
    pale = 255 - (255 - np.asarray(sheet.filter(ImageFilter.GaussianBlur(0.8))).astype(float)) * 0.35
    grain = np.random.default_rng(1).normal(0, 6, pale.shape)
    return Image.fromarray((pale + grain).clip(0, 255).astype(np.uint8))


FAULTS = {
    "clean": lambda sheet: sheet,
    "leaning": lambda sheet: sheet.rotate(2.5, resample=Image.Resampling.BICUBIC, expand=True, fillcolor="white"),
    "turned": lambda sheet: sheet.rotate(90, expand=True),
    "seals": press_seals,
    "shade": shade,
    "faded": fade,
}


def error_rate(read: str, truth: str) -> float:
    """Levenshtein distance per character of truth."""
    read, truth = (" ".join(unicodedata.normalize("NFC", text).split()) for text in (read, truth))
    target, steps = np.array([ord(letter) for letter in truth]), np.arange(len(truth) + 1)
    row = steps
    for place, letter in enumerate(read, 1):
        best = np.minimum(row[:-1] + (target != ord(letter)), row[1:] + 1)
        row = np.minimum.accumulate(np.concatenate(([place], best)) - steps) + steps
    return float(row[-1] / len(truth))


def cpu_seconds() -> float:
    """CPU time of this process and of the programs it has called."""
    own, called = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + called.ru_utime + called.ru_stime


def read_bare(path: Path) -> str:
    """What `tesseract` says with its default settings and one thread."""
    command = ["tesseract", str(path), "-", "-l", "vie"]
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    return subprocess.run(command, capture_output=True, check=True, env=environment).stdout.decode()


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pages", type=int, default=2, help="pages for each fault")
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    chance = random.Random(chosen.seed)
    all_ours, all_bare, all_cpu = [], [], []
    print(f"{'fault':10} {'CER ours':>9} {'CER bare':>9} {'CPU ours':>9} {'CPU bare':>9} {'ratio':>6}")
    for fault, spoil in FAULTS.items():
        ours, bare, cpu = [], [], []
        for _ in range(chosen.pages):
            lines = write_lines(chance)
            truth = " ".join(lines).replace("..", "").replace(" .", "")
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "page.jpg"
                spoil(draw(lines)).save(path, quality=85, dpi=(DPI, DPI))
                start = cpu_seconds()
                ours.append(error_rate(read_page(open_scan(path), 1, Path(folder)).reading.text, truth))
                middle = cpu_seconds()
                bare.append(error_rate(read_bare(path), truth))
                cpu.append((middle - start, cpu_seconds() - middle))
        own, other = (mean(pair[side] for pair in cpu) for side in (0, 1))
        print(f"{fault:10} {mean(ours):9.4f} {mean(bare):9.4f} {own:9.2f} {other:9.2f} {own / other:6.2f}", flush=True)
        all_ours += ours
        all_bare += bare
        all_cpu += cpu
    own, other = (mean(pair[side] for pair in all_cpu) for side in (0, 1))
    print(f"{'mean':10} {mean(all_ours):9.4f} {mean(all_bare):9.4f} {own:9.2f} {other:9.2f} {own / other:6.2f}")
    print(f"{'median':10} {median(all_ours):9.4f} {median(all_bare):9.4f}")


if __name__ == "__main__":
    main()
