"""Activity -> Event: mention stripped, button data unpacked, file links found."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import quote

from botbuilder.schema import Activity

from cards.actions import Action, unpack
from dialogs.turn import Clicked, Content, DroppedFile, Event, FilesDropped, Installed, Mentioned, TextSaid
from pipeline.errors import UserError
from pipeline.model.job import THREAD, Conversation, Place

FILE_INFO = "application/vnd.microsoft.teams.file.download.info"


def event_of(activity: Activity, *, team_group: str = "") -> Event | None:
    """What the activity means to us; None for what we do not answer (edits, reactions, typing, what was not said to the bot, ...).

    `team_group`: the directory's id of the team, where the activity does not name it.
    """
    if activity.conversation is None or activity.from_property is None:
        return None
    where = conversation_of(activity, team_group=team_group)
    content = _content(activity, where)
    return Event(id=activity.id or "", conversation=where, content=content, card=activity.reply_to_id or "") if content else None


def conversation_of(activity: Activity, *, team_group: str = "") -> Conversation:
    sender, recipient = activity.from_property, activity.recipient
    team = _part(activity, "team")
    return Conversation(
        tenant=tenant_of(activity) or "local",
        id=activity.conversation.id,
        service_url=activity.service_url or "",
        channel=str(activity.channel_id or ""),
        bot_id=recipient.id if recipient and recipient.id else "bot",
        user_id=sender.id or "",
        user=sender.aad_object_id or sender.id or "",
        name=(sender.name or "")[:80],
        locale=activity.locale or "de",
        place=_place(activity),
        team=str(team.get("id") or ""),
        team_group=str(team.get("aadGroupId") or "") or team_group,
        team_channel=str(_part(activity, "channel").get("id") or ""),
    )


def tenant_of(activity: Activity) -> str:
    """The SDK drops Teams' `tenantId` into the additional properties."""
    extra: dict[str, Any] = activity.conversation.additional_properties or {}
    tenant = extra.get("tenantId") or activity.conversation.tenant_id or _part(activity, "tenant").get("id")
    return re.sub(r"[^A-Za-z0-9_-]", "", str(tenant or ""))[:64]


def is_there(activity: Activity) -> bool | None:
    """Has the bot just been let in (True) or shut out (False)? None where the activity is about something else."""
    change = str(_data(activity).get("eventType") or "")
    match activity.type:
        case "installationUpdate" if activity.action in ("add", "add-upgrade", "remove", "remove-upgrade"):
            return activity.action.startswith("add")
        case "conversationUpdate" if change in ("teamDeleted", "teamHardDeleted", "channelDeleted"):
            return False
        case "conversationUpdate" if change in ("teamRestored", "channelRestored"):
            return True
        case "conversationUpdate" if _is_about_bot(activity, activity.members_added):
            return True
        case "conversationUpdate" if _is_about_bot(activity, activity.members_removed):
            return False
        case _:
            return None


def is_mentioned(activity: Activity) -> bool:
    return any(_mention(activity, entity) for entity in activity.entities or [])


def _is_about_bot(activity: Activity, members: list[Any] | None) -> bool:
    return bool(activity.recipient) and any(member.id == activity.recipient.id for member in members or [])


def _place(activity: Activity) -> Place:
    """What is not said to be personal is read by others; without a kind it is a local client's chat."""
    kind = str(activity.conversation.conversation_type or "")
    if kind in ("", Place.PERSONAL):
        return Place.PERSONAL
    return Place.CHANNEL if kind == Place.CHANNEL else Place.GROUP


def _data(activity: Activity) -> dict[str, Any]:
    return activity.channel_data if isinstance(activity.channel_data, dict) else {}


def _part(activity: Activity, name: str) -> dict[str, Any]:
    found = _data(activity).get(name)
    return found if isinstance(found, dict) else {}


def _content(activity: Activity, where: Conversation) -> Content | None:
    match activity.type:
        case "message":
            return _message(activity, where)
        case "invoke" if activity.name == "adaptiveCard/action":
            action = activity.value.get("action") if isinstance(activity.value, dict) else None
            data = action.get("data") if isinstance(action, dict) else None
            return Clicked(_unpacked(data))
        case "installationUpdate" if activity.action == "add":
            return Installed()
        case _:
            return None


def _message(activity: Activity, where: Conversation) -> Content | None:
    if activity.value is not None and not (activity.text or "").strip():
        return Clicked(_unpacked(activity.value))
    if not where.personal:  # with some rights, the channel delivers what others say to each other, too
        return Mentioned(user_text(activity), message_path(where, activity.id or "")) if is_mentioned(activity) else None
    files = tuple(f for f in map(_file, activity.attachments or []) if f)
    return FilesDropped(files, user_text(activity)) if files else TextSaid(user_text(activity))


def message_path(where: Conversation, message: str) -> str:
    """Where Microsoft Graph keeps a message; empty where the activity does not say enough (learn.microsoft.com/graph/api/chatmessage-get)."""
    thread, _, root = where.id.partition(THREAD)
    if where.place is not Place.CHANNEL:
        return f"chats/{_safe(thread)}/messages/{_safe(message)}"
    if not where.team_group:
        return ""
    channel = f"teams/{_safe(where.team_group)}/channels/{_safe(where.team_channel or thread)}"
    reply = f"/replies/{_safe(message)}" if root and root != message else ""
    return f"{channel}/messages/{_safe(root or message)}{reply}"


def _safe(part: str) -> str:
    return quote(part, safe="")


def _unpacked(data: object) -> Action | None:
    try:
        return unpack(data)
    except UserError:
        return None


def _file(attachment: Any) -> DroppedFile | None:
    content = attachment.content
    if attachment.content_type != FILE_INFO or not isinstance(content, dict) or not content.get("downloadUrl"):
        return None
    return DroppedFile(
        name=(attachment.name or "CV.pdf").encode("utf-8", "ignore").decode()[-160:],
        url=str(content["downloadUrl"]),
        unique=str(content.get("uniqueId") or ""),
    )


def _mention(activity: Activity, entity: Any) -> str:
    """What an entity of the activity has written where it mentions the bot; empty where it does not."""
    extra = entity.additional_properties or {}
    mentioned = extra.get("mentioned")
    if entity.type != "mention" or not activity.recipient or not isinstance(mentioned, dict) or mentioned.get("id") != activity.recipient.id:
        return ""
    return str(extra.get("text") or " ")


def user_text(activity: Activity) -> str:
    """The text without the mention of the bot, HTML entities decoded; lines stay lines."""
    text = activity.text or ""
    for entity in activity.entities or []:
        if mention := _mention(activity, entity).strip():
            text = text.replace(mention, "", 1)
    text = re.sub(r"[^\S\n]+", " ", html.unescape(text).replace("\xa0", " ").replace("\r\n", "\n").replace("\r", "\n"))
    return re.sub(r" ?\n ?", "\n", text).strip()
