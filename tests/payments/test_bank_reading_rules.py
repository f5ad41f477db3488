"""Files as a dozen banks write them (made up, each in its bank's manner), and what is made of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from marketplace.kernel.errors import RuleBroken
from marketplace.payments.bank_cell_rules import Order, days_in, marks_of, minors_of, orders_of, sum_in
from marketplace.payments.bank_column_rules import Role, is_out, role_of
from marketplace.payments.bank_reading_rules import Reading, read, without_accounts
from marketplace.payments.bank_table_rules import MOST_ROWS, NOWHERE, Columns, check_columns, table_of

TODAY = date(2026, 11, 27)


def november(day: int) -> date:
    return date(2026, 11, day)


IN, OUT = (november(3), 142_00, "Marta Lind E-7-ABC"), (november(5), -1_135_40, "Jonas Berg Auszahlung")

# Of which manner, what it says, its two lines, the balance after them.
FILES: dict[str, tuple[bytes, str]] = {
    "German, with lines above, newest first, cp1252": (
        "Kontoinhaber:;Sammlerverein Lindengasse\r\nIBAN:;DE02 1203 0000 0000 2020 51\r\nKontostand vom 05.11.2026:;"
        "1.006,60 EUR\r\n\r\n"
        '"Buchungsdatum";"Wertstellung";"Begünstigter/Zahlungspflichtiger";"Verwendungszweck";"Betrag (€)"\r\n'
        '"05.11.26";"05.11.26";"Jonas Berg";"Auszahlung";"-1.135,40"\r\n'
        '"03.11.26";"03.11.26";"Marta Lind";"E-7-ABC";"142,00"\r\n'.encode("cp1252"),
        "none",
    ),
    "Austrian, UTF-8 with its mark, a balance, oldest first": (
        "\ufeffBuchungsdatum;Valutadatum;Partnername;Verwendungszweck;Betrag;Währung;Saldo\n"
        "03.11.2026;03.11.2026;Marta Lind;E-7-ABC;142,00;EUR;2.142,00\n"
        "05.11.2026;05.11.2026;Jonas Berg;Auszahlung;-1.135,40;EUR;1.006,60\n".encode(),
        "closing",
    ),
    "Swiss, two columns, apostrophes": (
        (
            b"Booking date;Details;Text;Debit;Credit;Balance\n"
            b"05.11.2026;Jonas Berg;Auszahlung;1'135.40;;1'006.60\n"
            b"03.11.2026;Marta Lind;E-7-ABC;;142.00;2'142.00\n"
        ),
        "closing",
    ),
    "French, a total below": (
        "Date;Libellé;Référence;Débit euros;Crédit euros\n"
        "03/11/2026;Marta Lind;E-7-ABC;;142,00\n"
        "25/10/2026;;;;\n"
        "05/11/2026;Jonas Berg;Auszahlung;-1 135,40;\n"
        "Total;;;-1 135,40;142,00\n".encode(),
        "none",
    ),
    "Dutch, the direction in a word": (
        (
            b'"Datum","Naam / Omschrijving","Rekening","Af Bij","Bedrag (EUR)","Mededelingen"\n'
            b'"20261105","Jonas Berg","NL01","Af","1135,40","Auszahlung"\n'
            b'"20261103","Marta Lind","NL02","Bij","142,00","E-7-ABC"\n'
        ),
        "none",
    ),
    "British, commas between thousands": (
        (
            b"Date,Description,Reference,Paid out,Paid in,Balance\n"
            b'03 Nov 2026,Marta Lind,E-7-ABC,,142.00,"2,142.00"\n'
            b'05 Nov 2026,Jonas Berg,Auszahlung,"1,135.40",,"1,006.60"\n'
        ),
        "closing",
    ),
    "Hungarian, tabs, UTF-16": (
        "Könyvelés dátuma\tPartner neve\tKözlemény\tÖsszeg\tDevizanem\tEgyenleg\r\n"
        "2026.11.03.\tMarta Lind\tE-7-ABC\t142,00\tEUR\t2 142,00\r\n"
        "2026.11.05.\tJonas Berg\tAuszahlung\t-1 135,40\tEUR\t1 006,60\r\n".encode("utf-16"),
        "closing",
    ),
    "Polish, the currency in the cell": (
        "\ufeffData operacji;Nadawca / Odbiorca;Tytuł;Kwota;Saldo po operacji\n"
        "2026-11-05;Jonas Berg;Auszahlung;-1 135,40 EUR;1 006,60 EUR\n"
        "2026-11-03;Marta Lind;E-7-ABC;142,00 EUR;2 142,00 EUR\n".encode(),
        "closing",
    ),
    "Spanish": (
        "F. Operación;Concepto;Observaciones;Importe;Saldo\n"
        "03/11/2026;Marta Lind;E-7-ABC;142,00;2.142,00\n05/11/2026;Jonas Berg;Auszahlung;-1.135,40;1.006,60\n"
        "25/11/2026;Comisión;;0,00;1.006,60\n".encode(),
        "closing",
    ),
    "Italian, the sign behind": (
        (
            b"Data contabile;Data valuta;Ordinante/Beneficiario;Causale;Dare;Avere\n"
            b"03.11.2026;03.11.2026;Marta Lind;E-7-ABC;;142,00\n"
            b"05.11.2026;05.11.2026;Jonas Berg;Auszahlung;1.135,40-;\n"
        ),
        "none",
    ),
    "Chinese": (
        "交易日期,对方户名,附言,收入金额,支出金额,账户余额,币种\n"
        "2026年11月3日,Marta Lind,E-7-ABC,142.00,,2142.00,EUR\n"
        '2026年11月5日,Jonas Berg,Auszahlung,,"1,135.40","1,006.60",EUR\n'.encode(),
        "closing",
    ),
    "German, S and H": (
        "Buchungstag;Valuta;Auftraggeber/Empfänger;Verwendungszweck;Währung;Umsatz;Soll/Haben\n"
        "03.11.2026;03.11.2026;Marta Lind;E-7-ABC;EUR;142,00;H\n"
        "05.11.2026;05.11.2026;Jonas Berg;Auszahlung;EUR;1.135,40;S\n".encode(),
        "none",
    ),
}


def read_file(content: bytes, currency: str = "EUR", **changes: object) -> Reading:
    table, columns = table_of(content)
    return read(table, replace(columns, **changes), currency=currency, today=TODAY)  # type: ignore[arg-type]


@pytest.mark.parametrize("manner", FILES)
def test_a_bank_is_read_in_its_own_manner(manner: str) -> None:
    content, balance = FILES[manner]
    reading = read_file(content)
    assert sorted((line.day, line.minor, line.text) for line in reading.lines) == [IN, OUT]
    assert not reading.wrong and not reading.questions
    assert reading.closing == (1_006_60 if balance == "closing" else None)
    assert (reading.first_day, reading.last_day) == (november(3), november(5))


def test_the_same_line_is_known_again_in_every_manner() -> None:
    keys = {frozenset(line.key for line in read_file(content).lines) for content, _balance in FILES.values()}
    assert len(keys) == 1


def a_file(*rows: str, headings: str = "Date;Description;Amount") -> bytes:
    return "\n".join((headings, *rows)).encode()


def test_equal_lines_of_a_day_are_told_apart_by_their_place() -> None:
    once = read_file(a_file("2026-11-03;Dues;10.00"))
    twice = read_file(a_file("2026-11-03;Dues;10.00", "2026-11-03;DUES;10.00", "2026-11-04;Dues;10.00"))
    assert len({line.key for line in twice.lines}) == 3
    assert once.lines[0].key == twice.lines[0].key


def test_days_that_could_be_two_are_asked_about_and_not_guessed() -> None:
    content = a_file("03/11/2026;Marta;10.00", "05/11/2026;Jonas;-4.00")
    reading = read_file(content)
    assert reading.lines == () and [asked.field for asked in reading.questions] == ["order"]
    answered = read_file(content, order="mdy")
    assert [line.day for line in answered.lines] == [date(2026, 3, 11), date(2026, 5, 11)]


@pytest.mark.parametrize(
    ("cells", "orders"),
    [
        (["13/11/2026"], {Order.DAY_FIRST}),
        (["11/13/2026"], {Order.MONTH_FIRST}),
        (["03/11/2026", "11/03/2026"], {Order.DAY_FIRST, Order.MONTH_FIRST}),
        (["03/12/2026"], {Order.MONTH_FIRST}),  # the third of December is to come
        (["03.12.2026"], {Order.DAY_FIRST}),
        (["05/05/2026"], {Order.DAY_FIRST}),  # either way the same
        (["2026-11-03", "2026/11/04"], {Order.YEAR_FIRST}),
        (["2026-11-03", "03.11.2026"], set()),
        (["nothing"], set()),
    ],
)
def test_a_column_of_days_is_read_in_one_order(cells: list[str], orders: set[Order]) -> None:
    assert orders_of(cells, today=TODAY) == orders


@pytest.mark.parametrize("cell", ["31.02.2026", "2026", "3.11", "1.1.1990", "", "03.11.202", "٣/١١/2026/2"])
def test_what_is_no_day_is_none(cell: str) -> None:
    assert days_in(cell) == {}


@pytest.mark.parametrize(
    ("cell", "minor"),
    [
        ("12.50", 1250), ("12,50", 1250), ("1.234,56", 123456), ("1,234.56", 123456), ("1 234,56", 123456),
        ("1'234.56", 123456), ("1.234", 123400), ("1,234", 123400), ("-12.50", -1250), ("12.50-", -1250),
        ("(12.50)", -1250), ("−12.50", -1250), ("+12.50", 1250), ("12,50 S", -1250), ("12,50 H", 1250),
        ("12.50 DR", -1250), ("EUR 12.50", 1250), ("12.50 EUR", 1250), ("€ 12.50", 1250), ("- 12.50", -1250),
        (",50", 50), ("12", 1200), ("12.345,6", 1234560), ("1.23.45", None), ("abc", None), ("12 X", None),
        ("0.001", None), ("9" * 40, None), ("", None),
    ],
)  # fmt: skip
def test_a_sum_is_read(cell: str, minor: int | None) -> None:
    found = sum_in(cell)
    ways = set(minors_of(found.figures, "EUR").values()) if found else set()
    assert ways == (set() if minor is None else {abs(minor)})
    assert minor is None or (found is not None and found.sign * abs(minor) == minor)


def test_decimals_that_could_be_thousands_are_asked_about() -> None:
    assert marks_of(["1.234"], "EUR") == {"."} or marks_of(["1.234"], "EUR") == {","}  # no cent has a tenth
    assert marks_of(["1.234"], "KWD") == {".", ","}
    assert marks_of(["1.234", "0.500"], "KWD") == {"."}
    asked = read_file(a_file("2026-11-03;Dues;1.234"), "KWD")
    assert [each.field for each in asked.questions] == ["mark"]
    assert read_file(a_file("2026-11-03;Dues;1.234"), "KWD", mark=",").lines[0].minor == 1_234_000
    assert read_file(a_file("2026-11-03;Dues;1.234"), "JPY").lines[0].minor == 1_234


def test_a_currency_beside_the_sum_is_held_against_that_of_the_books() -> None:
    reading = read_file(a_file("2026-11-03;A;10.00 EUR", "2026-11-03;B;10.00 USD", "2026-11-03;C;10.00"))
    assert [line.text for line in reading.lines] == ["A", "C"]
    assert str(reading.passed[0].why) == "It is in USD, and the books are in EUR."


def test_a_currency_with_spaces_around_it_is_the_same() -> None:
    headings = "Date;Description;Amount;Currency"
    reading = read_file(a_file("2026-11-03;A;10.00;EUR ", "2026-11-03;B;10.00; eur", headings=headings))
    assert [line.text for line in reading.lines] == ["A", "B"] and not reading.passed


def test_what_has_begun_and_is_not_completed_is_not_booked_yet() -> None:
    headings = "Type,Product,Started Date,Completed Date,Description,Amount,Fee,Currency,State,Balance"
    reading = read_file(
        a_file(
            "TRANSFER,Current,2026-11-02 09:00:00,2026-11-03 10:00:00,Marta Lind,142.00,0.00,EUR,COMPLETED,142.00",
            "TRANSFER,Current,2026-11-04 09:00:00,,Jonas Berg,-40.00,0.00,EUR,PENDING,",
            headings=headings,
        )
    )
    assert [(line.day, line.minor) for line in reading.lines] == [(november(3), 142_00)]
    assert not reading.wrong and reading.closing == 142_00


def test_what_cannot_be_read_is_wrong_and_what_is_no_line_is_passed_over() -> None:
    reading = read_file(
        a_file("2026-11-03;A;10.00", "2026-13-03;B;10.00", "2026-11-03;C;ten", ";D;5.00", "pending;E;5.00", ";Sum;")
    )
    assert [line.row for line in reading.lines] == [2]
    assert [(each.row, each.is_wrong) for each in reading.passed] == [
        (3, True), (4, True), (5, False), (6, False), (7, False),
    ]  # fmt: skip
    assert str(reading.wrong[0].why) == "“2026-13-03” is not read as a day."


def test_what_is_dated_later_than_today_is_not_booked_yet() -> None:
    reading = read_file(a_file("2026-11-27;A;10.00", "2026-11-28;B;10.00", "2062-11-03;C;10.00"))
    assert [line.text for line in reading.lines] == ["A"] and not reading.wrong
    assert {str(each.why) for each in reading.passed} == {"It is not booked yet: its day is still to come."}


def test_a_direction_that_is_no_word_for_one_is_wrong() -> None:
    content = a_file(
        "2026-11-03;A;10.00;Debit", "2026-11-03;B;10.00;sideways", headings="Date;Text;Amount;Debit/Credit"
    )
    reading = read_file(content)
    assert [line.minor for line in reading.lines] == [-1000] and len(reading.wrong) == 1
    assert (is_out("Soll"), is_out("Bij"), is_out("?")) == (True, False, None)


def test_balances_that_do_not_add_up_give_no_closing_one() -> None:
    with_balance = "Date;Text;Amount;Balance"
    assert read_file(a_file("2026-11-03;A;1;5", "2026-11-04;B;1;7", headings=with_balance)).closing is None
    assert read_file(a_file("2026-11-03;A;1;5", "2026-11-04;B;1;", headings=with_balance)).closing is None
    assert read_file(a_file("2026-11-03;A;1;5", "2026-11-03;B;-1;4", headings=with_balance)).closing == 400
    assert read_file(a_file("2026-11-04;B;-1;4", "2026-11-03;A;1;5", headings=with_balance)).closing == 400
    assert read_file(a_file("2026-11-04;B;-1;4", headings=with_balance)).closing == 400


def test_columns_without_known_names_are_the_officers_to_choose() -> None:
    table, columns = table_of(b"03.11.2026;Marta;142,00;x\n05.11.2026;Jonas;-4,00;x\n")
    assert columns == Columns() and len(table.rows) == 2
    assert table.headings == ("Column 1", "Column 2", "Column 3", "Column 4")
    chosen = Columns(day=0, amount=2, texts=(1,))
    assert [line.minor for line in read(table, chosen, currency="EUR", today=TODAY).lines] == [142_00, -4_00]
    named, _none = table_of(b"Some bank\nTag;Wer;Wieviel\n03.11.2026;Marta;142,00\n")
    assert named.headings == ("Tag", "Wer", "Wieviel") and len(named.rows) == 1


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        (Columns(), "day"),
        (Columns(day=0), "amount"),
        (Columns(day=0, debit=1, texts=(2,)), "amount"),
        (Columns(day=0, amount=1, debit=2, texts=(2,)), "amount"),
        (Columns(day=0, amount=1), "texts"),
        (Columns(day=9, amount=1, texts=(2,)), "day"),
        (Columns(day=0, amount=1, texts=(2, NOWHERE - 1)), "day"),
    ],
)
def test_a_choice_of_columns_is_checked(columns: Columns, field: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        check_columns(columns, 4)
    assert refused.value.field == field
    check_columns(Columns(day=0, debit=1, credit=2, texts=(3,)), 4)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no payment"),
        (b"Date;Amount\n", "no payment"),
        (b"hello", "no payment"),
        (b'Date;Amount\n2026-11-03;"12', "quotation mark"),
        (b"\xff\xfeD", "not a file of text"),
        (b"x" * (2 * 1024 * 1024 + 1), "2 MB"),
        (b"Date;Amount\n" + b"2026-11-03;1\n" * (MOST_ROWS + 1), "5001 rows"),
        (b"Date;Amount" + b";x" * 60 + b"\n2026-11-03;1\n", "60 columns"),
    ],
)
def test_a_bad_file_is_refused_with_what_to_do(content: bytes, words: str) -> None:
    with pytest.raises(RuleBroken, match=words) as refused:
        table_of(content)
    assert refused.value.field == "table"


def test_a_choice_of_columns_is_kept_as_it_was() -> None:
    columns = Columns(day=0, amount=2, texts=(1, 3), order="dmy", mark=",")
    assert Columns.of_stored(columns.stored()) == columns


def test_names_of_columns_are_known_however_they_are_written() -> None:
    assert role_of("Betrag in EUR") is role_of("BETRAG (€)") is role_of("Montant(EUROS)") is Role.AMOUNT
    assert role_of("IBAN") is None
    content = a_file("03.11.2026;A;1;EUR", headings="Valuta;Text;Betrag;Währung")
    assert read_file(content).lines[0].day == november(3)  # where nothing else tells the day
    content = a_file("03.11.2026;A;1;USD", headings="Datum;Omschrijving;Bedrag;Valuta")
    assert str(read_file(content).passed[0].why) == "It is in USD, and the books are in EUR."


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Marta Lind AT611904300234573201 E-7-ABC", "Marta Lind AT…3201 E-7-ABC"),
        ("Marta AT61 1904 3002 3457 3201 E-7-ABC", "Marta AT…3201 E-7-ABC"),
        ("HU42117730161111101800000000", "HU…0000"),
        ("Marta AT621904300234573201", "Marta AT621904300234573201"),  # its check figures do not fit: it is none
        ("REF AB12 3456 7890 1234 E-7-ABC", "REF AB12 3456 7890 1234 E-7-ABC"),
    ],
)
def test_numbers_of_accounts_are_cut_down(text: str, kept: str) -> None:
    assert without_accounts(text) == kept
