"""What goes wrong, done."""

from __future__ import annotations

from marketplace.playmoney.weather import Fault
from tests.faults.storm.plan import Trick
from tests.faults.storm.stage import Stage

_LOST = {Fault.LOST: 0.35, Fault.BROKEN_AFTER: 0.15}
_REFUSED = {Fault.BROKEN: 0.25, Fault.TOO_MANY: 0.2, Fault.BUSY: 0.1}
_TWICE, _NEVER, _LATEST_SECONDS = 0.5, 0.15, 1.5


def play(trick: Trick, stage: Stage) -> None:
    """Let it go wrong. Weather stays until other weather comes; what was killed is started again at once."""
    weather = stage.stripe.weather
    weather.is_down = False  # at worst it lasts until the next thing goes wrong
    if trick in _OF_WEATHER:
        clear_up(stage)
    match trick:
        case Trick.KILL_WORKER:
            stage.kill("worker")
        case Trick.KILL_WEB:
            stage.kill("web")
        case Trick.KILL_BOTH:
            stage.kill("worker", "web")
        case Trick.BREAK_DATABASE:
            stage.break_database()
        case Trick.LOSE_REPLIES:
            weather.chances = dict(_LOST)
        case Trick.REFUSE:
            weather.chances = dict(_REFUSED)
        case Trick.MIX_NEWS:
            weather.doubled, weather.lost, weather.latest_seconds = _TWICE, _NEVER, _LATEST_SECONDS
        case Trick.BE_AWAY:
            weather.is_down = True


def is_ready(trick: Trick, stage: Stage) -> bool:
    """Whether that which would be killed has come back since: who is killed as he gets up does nothing at all."""
    needs_worker, needs_web = trick in (Trick.KILL_WORKER, Trick.KILL_BOTH), trick in (Trick.KILL_WEB, Trick.KILL_BOTH)
    return (not needs_worker or stage.has_worker()) and (not needs_web or stage.has_web())


_OF_WEATHER = {Trick.LOSE_REPLIES, Trick.REFUSE, Trick.MIX_NEWS, Trick.BE_AWAY, Trick.CLEAR_UP}


def clear_up(stage: Stage) -> None:
    """All is well with Stripe."""
    weather = stage.stripe.weather
    weather.chances, weather.is_down = {}, False
    weather.doubled = weather.lost = weather.latest_seconds = 0.0
