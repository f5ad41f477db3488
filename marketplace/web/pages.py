"""Every Blueprint, and the frame that all pages stand in."""

from __future__ import annotations

from flask import Blueprint, Flask
from flask_babel import Babel
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from marketplace.config import Settings
from marketplace.web import (
    accounts,
    addresses,
    attestations,
    bank_lines,
    bank_statements,
    bids,
    books,
    buying,
    card_accounts,
    card_payments,
    chances,
    chargebacks,
    debts,
    deposit_treasury,
    deposits,
    disputes,
    errors,
    feedback,
    fees,
    format,
    frame,
    gaps,
    group_settings,
    groups,
    handovers,
    headers,
    health,
    home,
    importing,
    items,
    joining,
    labels,
    limits,
    live,
    lots,
    members,
    moderation,
    notices,
    offers,
    operators,
    order_deeds,
    orders,
    paging,
    parcels,
    paying_law,
    payout_details,
    people,
    photos,
    proposals,
    questions,
    reserves,
    retractions,
    rulings,
    sale_deeds,
    sales,
    searches,
    second_factor,
    sessions,
    statements,
    treasury,
    waiting,
    webhooks,
)
from marketplace.web.early import EarlyAnswers

BLUEPRINTS: tuple[Blueprint, ...] = (
    health.blueprint,
    home.pages,
    accounts.blueprint,
    addresses.blueprint,
    payout_details.blueprint,
    card_accounts.blueprint,
    second_factor.blueprint,
    groups.blueprint,
    joining.blueprint,
    members.blueprint,
    moderation.blueprint,
    people.blueprint,
    feedback.blueprint,
    notices.blueprint,
    group_settings.blueprint,
    items.blueprint,
    photos.blueprint,
    importing.blueprint,
    lots.blueprint,
    live.blueprint,
    labels.blueprint,
    sales.blueprint,
    sale_deeds.blueprint,
    searches.blueprint,
    bids.blueprint,
    buying.blueprint,
    chances.blueprint,
    offers.blueprint,
    questions.blueprint,
    retractions.blueprint,
    operators.blueprint,
    orders.blueprint,
    paying_law.blueprint,
    order_deeds.blueprint,
    card_payments.blueprint,
    treasury.blueprint,
    proposals.blueprint,
    bank_statements.blueprint,
    bank_lines.blueprint,
    attestations.blueprint,
    parcels.blueprint,
    disputes.blueprint,
    rulings.blueprint,
    chargebacks.blueprint,
    deposits.blueprint,
    deposit_treasury.blueprint,
    handovers.blueprint,
    debts.blueprint,
    fees.blueprint,
    books.blueprint,
    webhooks.blueprint,
    reserves.blueprint,
    statements.blueprint,
)

csrf = CSRFProtect()


def register(app: Flask) -> None:
    settings: Settings = app.config["EARNEST"]
    # Flask's own way to put something before an application; mypy takes wsgi_app for a plain method.
    app.wsgi_app = app.extensions["earnest_early"] = EarlyAnswers(app)  # type: ignore[method-assign]
    if settings.proxies:
        count = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    Babel(app, locale_selector=lambda: "en")
    csrf.init_app(app)
    csrf.exempt(webhooks.blueprint)  # they are signed
    for part in (errors, format, frame, gaps, headers, limits, live, paging, sessions, waiting):
        part.register(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
