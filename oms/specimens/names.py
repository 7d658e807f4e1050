"""Words for invented people: names of the Kinh majority and of the peoples of the Lâm Đồng highlands, and old places.

Every name is put together by chance; that a living person bears the same one is a coincidence.
"""

FAMILY_NAMES = (
    ("Nguyễn", 30),
    ("Trần", 11),
    ("Lê", 10),
    ("Phạm", 8),
    ("Hoàng", 5),
    ("Huỳnh", 5),
    ("Phan", 5),
    ("Vũ", 4),
    ("Võ", 4),
    ("Đặng", 3),
    ("Bùi", 3),
    ("Đỗ", 3),
    ("Hồ", 2),
    ("Ngô", 2),
    ("Dương", 2),
    ("Lý", 1),
    ("Đinh", 1),
    ("Trịnh", 1),
    ("Mai", 1),
    ("Đoàn", 1),
    ("Tạ", 1),
    ("Lương", 1),
    ("Quách", 1),
    ("Nghiêm", 1),
    ("Khuất", 1),
    ("Âu Dương", 1),
    ("Đặng Trần", 1),
)
"""Family names with their weight among a hundred or so."""

ROYAL_NAMES = {"male": ("Tôn Thất",), "female": ("Tôn Nữ", "Công Tằng Tôn Nữ")}
"""Compound family names of the old imperial house, by gender."""

MIDDLE_NAMES = {
    "male": ("Văn", "Đức", "Hữu", "Quang", "Minh", "Xuân", "Ngọc", "Thanh", "Đình", "Công", "Quốc", "Trọng", "Anh", ""),
    "female": ("Thị", "Thị Thu", "Thị Ngọc", "Thị Minh", "Thị Kim", "Ngọc", "Thanh", "Thúy", "Hoàng", "Thị Bích", ""),
}

GIVEN_NAMES = {
    "male": (
        *("An", "Bình", "Cường", "Dũng", "Đạt", "Đức", "Giang", "Hải", "Hiếu", "Hòa", "Hùng", "Huy", "Khánh", "Khoa"),
        *("Lâm", "Long", "Lực", "Mạnh", "Nam", "Nghĩa", "Nhật", "Phong", "Phúc", "Quân", "Quý", "Sơn", "Tài", "Thắng"),
        *("Thành", "Thịnh", "Tiến", "Toàn", "Trung", "Tuấn", "Tùng", "Việt", "Vinh", "Vũ", "Kiên", "Thủy", "Thụy"),
    ),
    "female": (
        *("An", "Anh", "Chi", "Diệp", "Dung", "Giang", "Hà", "Hạnh", "Hằng", "Hiền", "Hoa", "Hồng", "Huệ", "Hương"),
        *("Lan", "Liên", "Linh", "Loan", "Mai", "My", "Nga", "Ngân", "Nguyệt", "Nhung", "Oanh", "Phượng", "Quyên"),
        *("Tâm", "Thảo", "Thu", "Thủy", "Trang", "Trinh", "Tuyết", "Uyên", "Vân", "Xuân", "Yến", "Hòa", "Thúy"),
    ),
}

HIGHLAND_NAMES: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    # people: gender: (marks before the name, names); a mark ending with an apostrophe is written together
    "Cơ Ho": {
        "male": (("K'", "Ha ", "K’"), ("Brèo", "Brông", "Tem", "Sơi", "Broh", "Lợi", "Póh", "Wèl", "Dín", "Minh")),
        "female": (("Ka ",), ("Rĩn", "Thuyên", "Nhẻo", "Mệu", "Lịt", "Diễm", "Duyên", "Hồng", "Sa", "Brơm")),
    },
    "Mạ": {
        "male": (("K'",), ("Vôi", "Tịch", "Bảo", "Đỉu", "Sinh", "Rin", "Tông", "Bes")),
        "female": (("Ka ",), ("Nhỏi", "Hường", "Rềm", "Thủy", "Dếp", "Xuân", "Ngọc", "Bles")),
    },
    "Chu Ru": {
        "male": (("Ya ",), ("Tuấn", "Hiêng", "Loan", "Thành", "Gương", "Đuê", "Bo", "Ty")),
        "female": (("Ma ",), ("Wêl", "Đào", "Linh", "Phương", "Nga", "Ly", "Bio", "Thơm")),
    },
    "Ê Đê": {
        "male": (("Y ",), ("Thịnh Niê", "Khoa Mlô", "Bhăm Êban", "Sơn Kbuôr", "Nam Byă", "Trí Ayŭn")),
        "female": (("H'",), ("Linh Niê", "Hương Mlô", "Lan Êban", "Ngọc Kbuôr", "Mai Byă", "Yên Ayŭn")),
    },
}
"""Given names of the highland peoples; forms vary from paper to paper, as they do in life."""

HIGHLAND_FAMILIES = {
    "Cơ Ho": ("", "", "Cil ", "Kơ Să ", "Liêng Hót ", "Bon Niêng "),
    "Mạ": ("",),
    "Chu Ru": ("", "", "Touneh "),
    "Ê Đê": ("",),
}
"""Clan names written before the mark; empty where none is used."""

OTHER_PEOPLES = ("Tày", "Nùng", "Hoa", "Mường", "Thái")
"""Peoples whose names follow the Kinh pattern."""

HOME_TOWNS = (
    ("xã Đức Chánh", "huyện Mộ Đức", "tỉnh Quảng Ngãi"),
    ("xã Hành Thịnh", "huyện Nghĩa Hành", "tỉnh Quảng Ngãi"),
    ("xã Điện Phước", "huyện Điện Bàn", "tỉnh Quảng Nam"),
    ("xã Phong Hiền", "huyện Phong Điền", "tỉnh Thừa Thiên Huế"),
    ("xã Quảng Phú", "huyện Quảng Điền", "tỉnh Thừa Thiên Huế"),
    ("xã Nhơn Phúc", "huyện An Nhơn", "tỉnh Bình Định"),
    ("xã Nam Cát", "huyện Nam Đàn", "tỉnh Nghệ An"),
    ("xã Diễn Thịnh", "huyện Diễn Châu", "tỉnh Nghệ An"),
    ("xã Thạch Kim", "huyện Lộc Hà", "tỉnh Hà Tĩnh"),
    ("xã Hoằng Quang", "huyện Hoằng Hóa", "tỉnh Thanh Hóa"),
    ("xã Hải Phúc", "huyện Hải Hậu", "tỉnh Nam Định"),
    ("xã Vũ Tây", "huyện Kiến Xương", "tỉnh Thái Bình"),
    ("xã Cẩm Sơn", "huyện Cẩm Giàng", "tỉnh Hải Dương"),
    ("xã Thọ Lộc", "huyện Phúc Thọ", "tỉnh Hà Tây"),
    ("xã Vĩnh Hòa", "huyện Ninh Giang", "tỉnh Hải Hưng"),
    ("xã Bình Giang", "huyện Thăng Bình", "tỉnh Quảng Nam - Đà Nẵng"),
    ("xã Hiệp Thạnh", "huyện Đức Trọng", "tỉnh Lâm Đồng"),
    ("thị trấn Liên Nghĩa", "huyện Đức Trọng", "tỉnh Lâm Đồng"),
    ("xã Tân Hội", "huyện Đức Trọng", "tỉnh Lâm Đồng"),
    ("xã Gia Lâm", "huyện Lâm Hà", "tỉnh Lâm Đồng"),
    ("thị trấn Nam Ban", "huyện Lâm Hà", "tỉnh Lâm Đồng"),
    ("xã Lộc An", "huyện Bảo Lâm", "tỉnh Lâm Đồng"),
    ("phường Lộc Phát", "thị xã Bảo Lộc", "tỉnh Lâm Đồng"),
    ("xã Xuân Trường", "thành phố Đà Lạt", "tỉnh Lâm Đồng"),
    ("thị trấn D'Ran", "huyện Đơn Dương", "tỉnh Lâm Đồng"),
    ("xã Quảng Lập", "huyện Đơn Dương", "tỉnh Lâm Đồng"),
)
"""Communes, districts and provinces by the names of their time, some of them gone since."""

HIGHLAND_TOWNS = {
    "Cơ Ho": (
        ("xã Đinh Trang Hòa", "huyện Di Linh", "tỉnh Lâm Đồng"),
        ("xã Lát", "huyện Lạc Dương", "tỉnh Lâm Đồng"),
        ("xã Phú Hội", "huyện Đức Trọng", "tỉnh Lâm Đồng"),
    ),
    "Mạ": (("xã Lộc Bắc", "huyện Bảo Lâm", "tỉnh Lâm Đồng"), ("xã Quốc Oai", "huyện Đạ Tẻh", "tỉnh Lâm Đồng")),
    "Chu Ru": (("xã Pró", "huyện Đơn Dương", "tỉnh Lâm Đồng"), ("xã Đa Quyn", "huyện Đức Trọng", "tỉnh Lâm Đồng")),
    "Ê Đê": (("xã Cư Bao", "huyện Krông Búk", "tỉnh Đắk Lắk"), ("xã Ea Tul", "huyện Cư M'gar", "tỉnh Đắk Lắk")),
}

STREETS = (
    *("Hai Bà Trưng", "Phan Đình Phùng", "Bùi Thị Xuân", "Trần Phú", "Nguyễn Công Trứ", "Hoàng Văn Thụ"),
    *("Pasteur", "Yersin", "Phù Đổng Thiên Vương", "Xô Viết Nghệ Tĩnh", "Mai Anh Đào", "An Dương Vương"),
)
WARDS = tuple(f"phường {number}" for number in range(1, 13))
