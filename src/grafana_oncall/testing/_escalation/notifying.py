"""The notification of users: their rules, one after the other, and the pages that these send."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import attrgetter

import attrs

from grafana_oncall.testing._objects.notifications import FakePersonalNotificationRule
from grafana_oncall.testing._objects.pages import (
    EscalationRecord,
    NotificationRun,
    Page,
    SmsBundle,
)
from grafana_oncall.testing._server.agenda import Name
from grafana_oncall.testing._server.state import FakeAlertGroup, FakeUser, GroupEvent, keep
from grafana_oncall.testing._server.world import World

from .steps import NEXT_DELAY

NOTIFY = "notification rule"
SEND_SMS = "text messages"
_SMS_INTERVAL = timedelta(minutes=2)
_PREFIX = "notify_by_"
_CHANNELS = {
    *("slack", "sms", "phone_call", "telegram", "email", "mobile_app", "mobile_app_critical"),
    *("webhook", "mattermost", "msteams"),
}


@attrs.frozen(kw_only=True)
class Reason:
    """Why a user is notified."""

    group: FakeAlertGroup
    important: bool
    step: str | None = None
    """Id of the step of a chain; None if somebody pages the user directly."""
    rule: FakePersonalNotificationRule | None = None
    """The rule that sends the page."""


def notify(world: World, user_id: str, reason: Reason, at: datetime) -> None:
    """Begin to notify a user, instead of what is left of an earlier notification."""
    user = world.store(FakeUser)[user_id]
    if user.role in {"viewer", "none"}:
        _fail(world, user, reason, at, "notification is not allowed for user")
        return
    run = NotificationRun(
        id=f"{reason.group.id}/{user_id}",
        group=reason.group.id,
        user=user_id,
        important=reason.important,
        step=reason.step,
        is_direct=reason.step is None,
    )
    world.agenda.put((NOTIFY, world.add(run).id), at)


def take_rule(world: World, name: Name, at: datetime) -> None:
    """Follow the next rule of a notification, and plan the one after it."""
    run = world.store(NotificationRun)[name[1]]
    rules = _rules(world, run)
    rule, may_go_on = _next_rule(rules, run), _may_go_on(world, run)
    if may_go_on and rule is not None:
        run.rule = rule.id
        _follow_rule(world, run, rule, at)
        return
    world.remove(run)
    if may_go_on and not rules and run.rule is None:
        _page(world, run, None, at)


def _rules(world: World, run: NotificationRun) -> Sequence[FakePersonalNotificationRule]:
    rules = world.store(FakePersonalNotificationRule).values()
    own = [each for each in rules if (each.user_id, each.important) == (run.user, run.important)]
    return sorted(own, key=attrgetter("position"))


def _next_rule(
    rules: Sequence[FakePersonalNotificationRule], run: NotificationRun
) -> FakePersonalNotificationRule | None:
    """Return the rule after the latest one; there is none if that has been deleted."""
    ids = [each.id for each in rules]
    if run.rule is not None and run.rule not in ids:
        return None
    following = rules[0 if run.rule is None else ids.index(run.rule) + 1 :]
    return following[0] if following else None


def _may_go_on(world: World, run: NotificationRun) -> bool:
    group = world.groups.get(run.group)
    if group is None or run.user not in world.store(FakeUser):
        return False
    is_open = group.resolved_at is None and group.root is None
    return is_open and (run.is_direct or group.state == "firing")


def _follow_rule(
    world: World, run: NotificationRun, rule: FakePersonalNotificationRule, at: datetime
) -> None:
    is_wait = rule.type == "wait"
    if not is_wait and rule.type.removeprefix(_PREFIX) not in _CHANNELS:
        world.remove(run)
        keep(world.paging.unmodelled, f"the rule {rule.id} has the type {rule.type!r}")
        return
    if not is_wait:
        _page(world, run, rule, at)
    delay = NEXT_DELAY + timedelta(seconds=rule.duration if is_wait else 0)
    world.agenda.put((NOTIFY, run.id), at + delay)


def _page(
    world: World, run: NotificationRun, rule: FakePersonalNotificationRule | None, at: datetime
) -> None:
    """Send a page by a rule, or the e-mail to a user without rules."""
    user, group = world.store(FakeUser)[run.user], world.groups[run.group]
    page = Page(
        user=user.username,
        how="email" if rule is None else rule.type.removeprefix(_PREFIX),
        at=at,
        group=run.group,
        important=run.important,
        step=run.step,
        rule=None if rule is None else rule.id,
    )
    if (problem := _problem(user, page.how)) is not None:
        reason = Reason(group=group, important=run.important, step=run.step, rule=rule)
        _fail(world, user, reason, at, problem)
    elif page.how == "sms":
        _send_sms(world, page, f"{user.id}/{'important' if run.important else 'default'}")
    else:
        keep(world.paging.pages, page)
    if page.how == "webhook":
        world.publish(GroupEvent(type="personal notification", group=group, at=at, by=user.id))


def _problem(user: FakeUser, how: str) -> str | None:
    """Return why a user cannot be reached, as far as the API shows it."""
    if how in {"sms", "phone_call"} and not user.is_phone_number_verified:
        return "the phone number is not verified"
    if how == "slack" and user.slack is None:
        return "Slack is not connected"
    if how == "email" and user.email is None:
        return "there is no e-mail address"
    return None


def _fail(world: World, user: FakeUser, reason: Reason, at: datetime, problem: str) -> None:
    rule = reason.rule
    keep(
        world.paging.log,
        EscalationRecord(
            event="failed",
            at=at,
            group=reason.group.id,
            type=None if rule is None else rule.type,
            reason=problem,
            step=reason.step,
            rule=None if rule is None else rule.id,
            user=user.username,
        ),
    )


def _send_sms(world: World, page: Page, bundle_id: str) -> None:
    """Send a text message, or keep it for the next bundle if one was sent a moment ago."""
    bundle = world.store(SmsBundle).get(bundle_id)
    if bundle is None or page.at - bundle.sent_at >= _SMS_INTERVAL:
        keep(world.paging.pages, page)
        world.add(SmsBundle(id=bundle_id, sent_at=page.at))
    else:
        bundle.waiting.append(page)
        world.agenda.put((SEND_SMS, bundle_id), bundle.sent_at + _SMS_INTERVAL)


def send_waiting(world: World, name: Name, at: datetime) -> None:
    """Send what waits in a bundle, without those whose groups fire no more."""
    bundle = world.store(SmsBundle)[name[1]]
    firing = {group.id for group in world.groups.listed("firing")}
    sent = [attrs.evolve(page, at=at) for page in bundle.waiting if page.group in firing]
    keep(world.paging.pages, *sent)
    world.add(SmsBundle(id=bundle.id, sent_at=at))
