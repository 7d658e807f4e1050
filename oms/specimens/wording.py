"""Sentences of official Vietnamese for invented papers, several ways to say each thing.

Written for this project. In braces: what the paper fills in.
"""

from collections.abc import Sequence
from datetime import date

DatedSentence = tuple[date, str]
"""A sentence and the first day on which a paper may say it."""

STATE_GROUNDS: dict[str, tuple[DatedSentence, ...]] = {
    "civil_servant": (
        (date(1998, 5, 1), "Căn cứ Pháp lệnh Cán bộ, công chức ngày 26 tháng 02 năm 1998;"),
        (date(2010, 1, 1), "Căn cứ Luật Cán bộ, công chức ngày 13 tháng 11 năm 2008;"),
        (
            date(2020, 7, 1),
            "Căn cứ Luật Cán bộ, công chức ngày 13 tháng 11 năm 2008 và Luật sửa đổi, bổ sung một số điều của Luật Cán bộ, "
            "công chức và Luật Viên chức ngày 25 tháng 11 năm 2019;",
        ),
    ),
    "public_employee": (
        (date(1998, 5, 1), "Căn cứ Pháp lệnh Cán bộ, công chức ngày 26 tháng 02 năm 1998;"),
        (date(2012, 1, 1), "Căn cứ Luật Viên chức ngày 15 tháng 11 năm 2010;"),
    ),
    "contract_worker": (
        (date(1995, 1, 1), "Căn cứ Bộ luật Lao động và các văn bản hướng dẫn thi hành;"),
        (date(2021, 1, 1), "Căn cứ Bộ luật Lao động ngày 20 tháng 11 năm 2019;"),
    ),
}
PAY_LAW: tuple[DatedSentence, ...] = (
    (
        date(1993, 5, 23),
        "Căn cứ Nghị định số 25/CP ngày 23 tháng 5 năm 1993 của Chính phủ quy định tạm thời chế độ tiền lương mới của "
        "công chức, viên chức hành chính, sự nghiệp và lực lượng vũ trang;",
    ),
    (
        date(2004, 12, 14),
        "Căn cứ Nghị định số 204/2004/NĐ-CP ngày 14 tháng 12 năm 2004 của Chính phủ về chế độ tiền lương đối với cán bộ, "
        "công chức, viên chức và lực lượng vũ trang;",
    ),
)
PAY_RISE_RULE: tuple[DatedSentence, ...] = (
    (date(1993, 5, 23), "Căn cứ các quy định hiện hành về chế độ nâng bậc lương;"),
    (
        date(2005, 2, 1),
        "Căn cứ Thông tư số 03/2005/TT-BNV ngày 05 tháng 01 năm 2005 của Bộ Nội vụ hướng dẫn thực hiện chế độ nâng bậc "
        "lương thường xuyên và phụ cấp thâm niên vượt khung;",
    ),
    (
        date(2013, 9, 15),
        "Căn cứ Thông tư số 08/2013/TT-BNV ngày 31 tháng 7 năm 2013 của Bộ Nội vụ hướng dẫn thực hiện chế độ nâng bậc "
        "lương thường xuyên và nâng bậc lương trước thời hạn;",
    ),
)


def in_force(sentences: Sequence[DatedSentence], on: date) -> str:
    """The latest sentence that a paper of this day may say; the first one for older papers."""
    return [text for start, text in sentences if start <= on or (start, text) == sentences[0]][-1]


DUTY_GROUNDS = (
    "Căn cứ Quyết định của Ủy ban nhân dân tỉnh Lâm Đồng quy định chức năng, nhiệm vụ, quyền hạn và cơ cấu tổ chức "
    "của {body};",
    "Căn cứ quy chế làm việc và phân cấp quản lý cán bộ hiện hành của {body};",
)
PROPOSALS = (
    "Theo đề nghị của Trưởng phòng Tổ chức - Hành chính.",
    "Xét đề nghị của Chánh Văn phòng và Trưởng phòng Tổ chức cán bộ.",
    "Theo đề nghị của bộ phận tổ chức cán bộ tại tờ trình ngày {before}.",
)

PAY_RISE = (
    "Nâng bậc lương thường xuyên đối với {address} {name}, sinh ngày {birth}, {position}, {host}, từ bậc {old_step}, "
    "hệ số {old_coefficient} lên bậc {step}, hệ số {coefficient} của ngạch {grade} (mã số {code}).",
    "Điều chỉnh mức lương của {address} {name}, sinh ngày {birth}, hiện là {position} thuộc {host}, từ hệ số "
    "{old_coefficient} (bậc {old_step}) lên hệ số {coefficient} (bậc {step}), ngạch {grade}, mã số {code}.",
)
PAY_FROM = "Thời gian hưởng lương mới và mốc tính nâng bậc lương lần sau kể từ ngày {from_day}."
APPOINTMENT = (
    "Bổ nhiệm {address} {name}, sinh ngày {birth}, giữ chức vụ {post}, {host}. Thời hạn giữ chức vụ là 05 năm, kể từ "
    "ngày {from_day}.",
    "Bổ nhiệm có thời hạn {address} {name}, sinh ngày {birth}, số hiệu {staff_code}, vào chức vụ {post} thuộc {host} "
    "kể từ ngày {from_day}; thời hạn bổ nhiệm 05 năm.",
)
ALLOWANCE = "{Address} {name} được hưởng phụ cấp chức vụ lãnh đạo hệ số {allowance} và các quyền lợi khác theo quy định hiện hành."
ASSIGNMENT = (
    "Điều động, phân công {address} {name}, sinh ngày {birth}, {position}, đến nhận công tác tại {department} thuộc "
    "{host}, kể từ ngày {from_day}.",
    "Phân công {address} {name}, sinh ngày {birth}, {position}, làm việc tại {department}, {host}, kể từ ngày {from_day}.",
)
RECRUITMENT = (
    "Tuyển dụng {address} {name}, sinh ngày {birth}, quê quán {home_town}, trình độ {training}, vào làm việc tại {host}, "
    "kể từ ngày {from_day}.",
    "Tiếp nhận và tuyển dụng {address} {name}, sinh ngày {birth}, quê quán {home_town}, tốt nghiệp {training}, làm việc "
    "tại {host}, kể từ ngày {from_day}. Thời gian tập sự 12 tháng.",
)
FIRST_PAY = "{Address} {name} được xếp lương bậc 1, hệ số {first}, ngạch {grade}, mã số {code}."
REWARD = (
    "Tặng danh hiệu “{title}” năm {year} cho {address} {name}, {position}, {host}, đã hoàn thành tốt nhiệm vụ được giao.",
    "Công nhận và tặng danh hiệu “{title}” cho {address} {name}, {position} thuộc {host}, vì đã có thành tích trong "
    "thực hiện nhiệm vụ công tác năm {year}.",
)
REWARD_MONEY = (
    "Kèm theo danh hiệu, {address} {name} được thưởng số tiền {amount} đồng, trích từ quỹ thi đua, khen thưởng."
)
EXECUTION = (
    "Chánh Văn phòng, Trưởng phòng Tổ chức - Hành chính, thủ trưởng các đơn vị có liên quan và {address} {name} chịu "
    "trách nhiệm thi hành Quyết định này kể từ ngày ký.",
    "Quyết định này có hiệu lực kể từ ngày ký. Các phòng, đơn vị trực thuộc và {address} {name} căn cứ Quyết định thi hành.",
)
DEPARTMENTS = (
    *("Phòng Tổ chức - Hành chính", "Phòng Kế hoạch - Tổng hợp", "Phòng Nghiệp vụ 1", "Thanh tra đơn vị"),
    *("Phòng Quản lý chuyên ngành", "Văn phòng", "Bộ phận Tiếp nhận và Trả kết quả"),
)

PARTY_GROUNDS = (
    "Căn cứ Điều lệ Đảng Cộng sản Việt Nam và các quy định của Trung ương về thi hành Điều lệ Đảng;",
    "Căn cứ quy chế làm việc của {committee} nhiệm kỳ {term};",
    "Xét đề nghị của {proposer} tại nghị quyết ngày {before},",
)
ADMISSION = (
    "Kết nạp quần chúng {name}, sinh ngày {birth}, quê quán {home_town}, nghề nghiệp {position}, vào Đảng Cộng sản Việt Nam.",
)
ADMISSION_2 = (
    "{proposer} có trách nhiệm tổ chức lễ kết nạp, quản lý, giúp đỡ đồng chí {name} phấn đấu trong thời gian dự bị và "
    "làm thủ tục đề nghị công nhận đảng viên chính thức theo đúng quy định."
)
FULL_MEMBERSHIP = (
    "Công nhận đồng chí {name}, sinh ngày {birth}, kết nạp vào Đảng ngày {joined}, là đảng viên chính thức kể từ ngày "
    "{official}.",
)
PARTY_APPOINTMENT = (
    "Chỉ định đồng chí {name}, sinh ngày {birth}, {position}, tham gia Ban Chấp hành {organisation}, nhiệm kỳ {term}.",
    "Chuẩn y kết quả bầu bổ sung đồng chí {name}, sinh ngày {birth}, {position}, giữ chức ủy viên Ban Chấp hành "
    "{organisation}, nhiệm kỳ {term}.",
)
PARTY_EXECUTION = (
    "Văn phòng, Ban Tổ chức {committee}, {proposer} và đồng chí {name} chịu trách nhiệm thi hành Quyết định này.",
    "Ban Tổ chức, Ủy ban Kiểm tra {committee}, {proposer} và đồng chí có tên trên căn cứ Quyết định thi hành.",
)
RESOLUTION_OPENING = (
    "Ngày {before}, {committee} đã họp phiên thường kỳ để xem xét việc đề nghị kết nạp đảng viên đối với quần chúng "
    "{name}. Tổng số ủy viên có mặt {present}/{total}; chủ trì: đồng chí bí thư."
)
RESOLUTION_BODY = (
    "Về lý lịch: quần chúng {name}, sinh ngày {birth}, dân tộc {ethnicity}, quê quán {home_town}; lý lịch rõ ràng, đã "
    "được thẩm tra theo quy định.",
    "Về phẩm chất chính trị: tin tưởng vào đường lối của Đảng, chấp hành nghiêm chính sách, pháp luật của Nhà nước; có ý "
    "thức học tập, nâng cao trình độ lý luận chính trị.",
    "Về đạo đức, lối sống: trung thực, giản dị, đoàn kết với đồng nghiệp, gương mẫu trong sinh hoạt và được quần chúng "
    "tín nhiệm.",
    "Về năng lực công tác: nắm vững chuyên môn, hoàn thành tốt nhiệm vụ {position} được giao, có tinh thần trách nhiệm.",
)
RESOLUTION_VOTE = (
    "Đối chiếu với tiêu chuẩn và điều kiện kết nạp đảng viên, {committee} biểu quyết đồng ý đề nghị kết nạp quần chúng "
    "{name} vào Đảng với số phiếu {present}/{present} (đạt 100%) và đề nghị cấp ủy cấp trên xem xét, quyết định."
)
LETTER_OPENING = (
    "Để có cơ sở xem xét việc phát triển đảng viên theo đúng quy định, {committee} đề nghị quý cấp ủy phối hợp thẩm tra, "
    "xác nhận những nội dung sau đây về lý lịch của quần chúng {name}, sinh ngày {birth}, quê quán {home_town}:"
)
LETTER_POINTS = (
    "Lịch sử chính trị của bản thân và gia đình; việc chấp hành đường lối của Đảng, chính sách, pháp luật của Nhà nước "
    "tại nơi cư trú.",
    "Họ tên, năm sinh, nơi ở và nghề nghiệp hiện nay của cha, mẹ, anh chị em ruột.",
    "Những thay đổi về địa danh hành chính có liên quan đến quê quán, nơi sinh ghi trong lý lịch.",
)
LETTER_CLOSING = (
    "Văn bản xác nhận đề nghị gửi về {committee} trước ngày {due}. Trân trọng cảm ơn sự phối hợp của quý cấp ủy.",
    "Rất mong nhận được sự phối hợp của quý cấp ủy; kết quả thẩm tra xin gửi về {committee} trước ngày {due}.",
)

REVIEW_SECTIONS = (
    (
        "1. Chính trị tư tưởng",
        (
            "Chấp hành nghiêm chủ trương, đường lối, quy định của Đảng, chính sách, pháp luật của Nhà nước và các nguyên "
            "tắc tổ chức, kỷ luật của cơ quan; nhất là nguyên tắc tập trung dân chủ, tự phê bình và phê bình.",
            "Có quan điểm, bản lĩnh chính trị vững vàng; kiên định lập trường, không dao động trước mọi khó khăn, thách thức.",
            "Tham gia đầy đủ các đợt học tập, quán triệt nghị quyết do cấp trên tổ chức trong năm {year}.",
        ),
    ),
    (
        "2. Đạo đức, lối sống",
        (
            "Không tham ô, tham nhũng, tiêu cực, lãng phí; không có biểu hiện quan liêu, xa rời quần chúng.",
            "Có lối sống trung thực, khiêm tốn, trong sáng, giản dị; tinh thần đoàn kết, xây dựng cơ quan trong sạch.",
            "Không để người thân lợi dụng vị trí công tác của mình để trục lợi.",
        ),
    ),
    (
        "3. Tác phong, lề lối làm việc",
        (
            "Có trách nhiệm với công việc; năng động, sáng tạo, dám nghĩ, dám làm, linh hoạt trong thực hiện nhiệm vụ.",
            "Phương pháp làm việc khoa học, dân chủ, đúng nguyên tắc; phối hợp tốt với các phòng, đơn vị có liên quan.",
        ),
    ),
    (
        "4. Ý thức tổ chức kỷ luật",
        (
            "Chấp hành sự phân công của tổ chức; thực hiện đúng nội quy, quy chế và giờ giấc làm việc của cơ quan.",
            "Thực hiện việc kê khai, bổ sung lý lịch và báo cáo với tổ chức đầy đủ, đúng thời hạn.",
        ),
    ),
    (
        "5. Kết quả thực hiện chức trách, nhiệm vụ được giao",
        (
            "Hoàn thành {done}/{all} nhiệm vụ theo kế hoạch công tác năm {year}; {late} nhiệm vụ chậm so với yêu cầu do "
            "phải chờ ý kiến của cơ quan phối hợp.",
            "Tham mưu ban hành {drafted} văn bản, giải quyết {letters} công văn đến đúng hạn, không để tồn đọng.",
            "Thực hiện tốt việc tiếp công dân, không có đơn thư phản ánh về thái độ phục vụ.",
        ),
    ),
)
WEAKNESSES = (
    "Việc cập nhật kiến thức về công nghệ thông tin còn chậm; đôi lúc còn nể nang trong góp ý với đồng nghiệp.",
    "Chưa mạnh dạn đề xuất cách làm mới; công tác tổng hợp, báo cáo có thời điểm chưa kịp thời.",
    "Thời gian dành cho việc học ngoại ngữ còn ít, kết quả chưa rõ nét.",
)
GRADES = ("Hoàn thành xuất sắc nhiệm vụ", "Hoàn thành tốt nhiệm vụ", "Hoàn thành tốt nhiệm vụ", "Hoàn thành nhiệm vụ")
LEADER_VIEWS = (
    "Nhất trí với bản tự đánh giá. Đồng chí {name} có ý thức trách nhiệm, hoàn thành tốt công việc được giao.",
    "Tập thể đơn vị thống nhất với mức tự xếp loại; đề nghị tiếp tục phát huy ưu điểm và sớm khắc phục hạn chế đã nêu.",
)

COURSES = (
    ("bồi dưỡng kiến thức quản lý nhà nước ngạch chuyên viên", "02 tháng"),
    ("bồi dưỡng kiến thức quản lý nhà nước ngạch chuyên viên chính", "03 tháng"),
    ("bồi dưỡng kỹ năng lãnh đạo, quản lý cấp phòng", "01 tháng"),
    ("bồi dưỡng nghiệp vụ văn thư, lưu trữ và quản lý hồ sơ", "02 tuần"),
    ("bồi dưỡng tiếng Cơ Ho dành cho cán bộ, công chức công tác vùng dân tộc thiểu số", "03 tháng"),
    ("bồi dưỡng lý luận chính trị dành cho đảng viên mới", "02 tuần"),
)
