"""What banks call the columns of their files, in nine languages, and the words by which they tell in from out."""
# ruff: noqa: E501 - a table is as wide as its columns

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from marketplace.kernel.table_rules import folded


class Role(StrEnum):
    """What a column is read for."""

    DAY = "day"
    AMOUNT = "amount"
    """With its sign: what came is positive."""
    DEBIT = "debit"
    """What went, whatever its sign."""
    CREDIT = "credit"
    SIGN = "sign"
    """In or out, in a word."""
    BALANCE = "balance"
    """After the line."""
    CURRENCY = "currency"
    TEXT = "text"
    """Several columns may be."""


# English | German | French | Dutch | Hungarian | Polish | Spanish | Italian | Chinese
_NAMES: dict[Role, str] = {
    Role.DAY: """
        date | booking date | transaction date | posting date | date posted | completed date | posted
        | buchungstag | buchungsdatum | datum | buchung
        | date de comptabilisation | date opération | date de l’opération | date comptable | date d’opération
        | boekdatum | boekingsdatum | transactiedatum | uitvoeringsdatum
        | könyvelés dátuma | könyvelés napja | dátum | tranzakció dátuma | könyvelési dátum
        | data | data księgowania | data operacji | data transakcji
        | fecha | fecha contable | fecha operación | f. operación | fecha de operación
        | data contabile | data operazione | data registrazione
        | 日期 | 交易日期 | 记账日期 | 入账日期 | 交易时间 | 交易日""",
    Role.AMOUNT: """
        amount | transaction amount | amount in account currency | value
        | betrag | umsatz | buchungsbetrag
        | montant | montant de l’opération
        | bedrag | transactiebedrag
        | összeg | könyvelt összeg | tranzakció összege
        | kwota | kwota operacji | kwota transakcji | kwota w walucie rachunku
        | importe | cantidad
        | importo
        | 金额 | 交易金额 | 发生额""",
    Role.DEBIT: """
        debit | debit amount | money out | paid out | withdrawal | withdrawals | payments | out
        | soll | belastung | belastungen | lastschrift | ausgang | ausgänge
        | débit | débits
        | af | debet | uit
        | terhelés | terhelések
        | obciążenia | obciążenie | wydatki | kwota obciążenia
        | cargo | cargos | debe
        | addebiti | addebito | dare | uscite
        | 支出 | 借方 | 借方金额 | 支出金额 | 借方发生额 | 转出""",
    Role.CREDIT: """
        credit | credit amount | money in | paid in | deposit | deposits | receipts | in
        | haben | gutschrift | gutschriften | eingang | eingänge
        | crédit | crédits
        | bij
        | jóváírás | jóváírások
        | uznania | uznanie | wpływy | kwota uznania
        | abono | abonos | haber
        | accrediti | accredito | avere | entrate
        | 收入 | 贷方 | 贷方金额 | 收入金额 | 存入金额 | 贷方发生额 | 转入""",
    Role.SIGN: """
        debit/credit | credit/debit | d/c | c/d | dr/cr | cr/dr | debit or credit | credit debit indicator
        | soll/haben | s/h | h/s | soll-haben-kennzeichen
        | sens | débit/crédit
        | af bij | af/bij | debet/credit
        | irány | t/j | terhelés/jóváírás
        | strona | obciążenie/uznanie
        | cargo/abono | debe/haber
        | dare/avere
        | 借贷 | 借贷标志 | 收支 | 收/支 | 借/贷""",
    Role.BALANCE: """
        balance | running balance | account balance | balance after
        | saldo | kontostand | saldo nach buchung | neuer saldo
        | solde | solde après
        | saldo na mutatie | saldo na trn
        | egyenleg | könyvelt egyenleg | záró egyenleg
        | saldo po operacji | saldo po transakcji
        | saldo después
        | saldo contabile
        | 余额 | 账户余额 | 本次余额""",
    Role.CURRENCY: """
        currency | währung | devise | monnaie | munt | muntsoort | pénznem | devizanem | waluta | waluta rachunku
        | divisa | moneda | divisa di conto | 币种 | 货币""",
    Role.TEXT: """
        description | details | reference | payment reference | memo | name | payee | payer | narrative | particulars
        | transaction details | counterparty | message | transaction description | counter party | notes
        | verwendungszweck | buchungstext | zahlungsreferenz | zahlungspflichtige*r | zahlungsempfänger*in | umsatztext
        | begünstigter/zahlungspflichtiger | beguenstigter/zahlungspflichtiger | auftraggeber/empfänger | partnername
        | name zahlungsbeteiligter | kundenreferenz (end-to-end) | kundenreferenz | auftraggeber | empfänger | text
        | avisierungstext | buchungsdetails | buchungs-details | auftraggeber/begünstigter
        | libellé | libellé simplifié | libellé opération | libellé de l’opération | référence | communication
        | informations complémentaires | nom de la contrepartie | libelle
        | naam/omschrijving | omschrijving | mededelingen | mededeling | naam tegenpartij | naam tegenpartij bevat
        | kenmerk | betalingskenmerk
        | közlemény | partner neve | partner név | megjegyzés | leírás | ellenoldali név
        | opis | opis operacji | opis transakcji | tytuł | tytułem | tytuł operacji | nadawca/odbiorca | dane kontrahenta
        | concepto | descripción | observaciones | beneficiario | referencia | más datos | ordenante
        | descrizione | causale | descrizione operazione | ordinante/beneficiario | dettagli | operazione
        | 摘要 | 备注 | 附言 | 对方户名 | 对方名称 | 用途 | 交易摘要 | 交易对方 | 交易说明""",
}
_VALUE_DAYS = """
    started date | value date | wertstellung | valutadatum | valutatag | valuta-datum | date de valeur | date valeur | rentedatum
    | értéknap | data waluty | fecha valor | f. valor | data valuta | 起息日"""
"""Of value, or on which it was begun, which counts also what is not booked yet: read only where no other day stands."""
_EITHER = "valuta"
"""A value date to some banks, the currency to others."""

_OUT = "s soll d debit debet dr dbit af t terhelés dare debe cargo obciążenie lastschrift belastung out withdrawal 借 支 支出 debe -"
_IN = "h haben c credit cr crdt bij j jóváírás avere haber abono uznanie gutschrift kredit in deposit 贷 收 收入 +"


def _words(text: str) -> list[str]:
    return [name.strip() for name in text.split("|")]


_ROLES = {folded(name): role for role, names in _NAMES.items() for name in _words(names)}
_VALUE_DAY = frozenset(folded(name) for name in _words(_VALUE_DAYS))
_IS_OUT = {word: is_out for words, is_out in ((_OUT, True), (_IN, False)) for word in words.split()}
_BRACKETS = re.compile(r"[(\[][^()\[\]]*[)\]]")
_IN_CURRENCY = re.compile(r"\b(?:in|en)\s+\S+\s*$|\s(?:[A-Z]{3}|euros?)\s*$|[€$£¥]")
_IS_CURRENCY = re.compile(r"[A-Za-z]{3}")


def role_of(heading: str) -> Role | None:
    """What a column of this name is read for; “Betrag (€)”, “Montant en euros” and “Amount EUR” are amounts, too."""
    for name in (heading, _BRACKETS.sub("", heading), _IN_CURRENCY.sub("", _BRACKETS.sub("", heading))):
        if role := _ROLES.get(folded(name)):
            return role
    return None


def roles_of(headings: Sequence[str], first: Sequence[str]) -> dict[int, Role]:
    """What each column is read for, by its place. Of several that mean the same the first counts, but for texts; the
    day of booking before that of value. `first`: the row below, which tells what “Valuta” is."""
    found: dict[int, Role] = {}
    taken: set[Role] = set()
    value_day = -1
    for place, heading in enumerate(headings):
        cell = first[place].strip() if place < len(first) else ""
        role = role_of(heading)
        if folded(heading) == _EITHER:
            role = Role.CURRENCY if _IS_CURRENCY.fullmatch(cell) else None
            value_day = place if role is None and value_day < 0 else value_day
        elif folded(heading) in _VALUE_DAY and value_day < 0:
            value_day = place
        if role is not None and (role is Role.TEXT or role not in taken):
            found[place] = role
            taken.add(role)
    if Role.DAY not in taken and value_day >= 0:
        found[value_day] = Role.DAY
    return found


def is_out(word: str) -> bool | None:
    """Whether a bank's word for the direction means out; none where it is no such word."""
    plain = word.strip().casefold().strip(".")
    return _IS_OUT.get(plain)
