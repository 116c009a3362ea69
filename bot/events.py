"""Activity -> Event: mention stripped, button data unpacked, file links found."""

from __future__ import annotations

import html
import re
from typing import Any

from botbuilder.schema import Activity

from cards.actions import Action, unpack
from dialogs.turn import Clicked, Content, DroppedFile, Event, FilesDropped, Installed, TextSaid
from pipeline.errors import UserError
from pipeline.model.job import Conversation

FILE_INFO = "application/vnd.microsoft.teams.file.download.info"


def event_of(activity: Activity) -> Event | None:
    """What the activity means to us; None for what we do not answer (edits, reactions, typing, ...)."""
    content = _content(activity)
    if content is None or activity.conversation is None or activity.from_property is None:
        return None
    return Event(id=activity.id or "", conversation=conversation_of(activity), content=content, card=activity.reply_to_id or "")


def conversation_of(activity: Activity) -> Conversation:
    sender, recipient = activity.from_property, activity.recipient
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
    )


def tenant_of(activity: Activity) -> str:
    """The SDK drops Teams' `tenantId` into the additional properties."""
    extra: dict[str, Any] = activity.conversation.additional_properties or {}
    data = activity.channel_data if isinstance(activity.channel_data, dict) else {}
    tenant = extra.get("tenantId") or activity.conversation.tenant_id or (data.get("tenant") or {}).get("id")
    return re.sub(r"[^A-Za-z0-9_-]", "", str(tenant or ""))[:64]


def _content(activity: Activity) -> Content | None:
    match activity.type:
        case "message":
            return _message(activity)
        case "invoke" if activity.name == "adaptiveCard/action":
            action = activity.value.get("action") if isinstance(activity.value, dict) else None
            data = action.get("data") if isinstance(action, dict) else None
            return Clicked(_unpacked(data))
        case "installationUpdate" if activity.action in ("add", "add-upgrade"):
            return Installed()
        case _:
            return None


def _message(activity: Activity) -> Content | None:
    files = tuple(f for f in map(_file, activity.attachments or []) if f)
    if files:
        return FilesDropped(files, user_text(activity))
    if activity.value is not None and not (activity.text or "").strip():
        return Clicked(_unpacked(activity.value))
    return TextSaid(user_text(activity))


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


def user_text(activity: Activity) -> str:
    """The text without the mention of the bot, HTML entities decoded; lines stay lines."""
    text = activity.text or ""
    for entity in activity.entities or []:
        extra = entity.additional_properties or {}
        mentioned = (extra.get("mentioned") or {}).get("id")
        if entity.type == "mention" and activity.recipient and mentioned == activity.recipient.id and extra.get("text"):
            text = text.replace(extra["text"], "", 1)
    text = re.sub(r"[^\S\n]+", " ", html.unescape(text).replace("\xa0", " ").replace("\r\n", "\n").replace("\r", "\n"))
    return re.sub(r" ?\n ?", "\n", text).strip()
