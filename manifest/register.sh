#!/usr/bin/env bash
# Registers the app: Entra app with single sign-on and app roles, secret, Azure Bot, Teams channel, OAuth connection.
# Whatever is there already stays; running it again changes nothing. docs/registration.md tells the same by hand.
set -euo pipefail

readonly GRAPH=00000003-0000-0000-c000-000000000000
readonly BOT_TYPE=Microsoft.BotService/botServices
readonly CHANNELS_API=2022-09-15 # the API version that the Azure CLI uses for channels
readonly REDIRECT=https://token.botframework.com/.auth/web/redirect

usage() {
  cat <<'TEXT'
register.sh --domain cv.firma.de --resource-group NAME [options]

  --domain HOST          host name under which people reach the app
  --resource-group NAME  where the Azure Bot lies; made where it is missing
  --location REGION      of a new resource group (germanywestcentral)
  --bot NAME             the Azure Bot, a name unique in the world (cv-generator-<first eight characters of the application id>)
  --display-name NAME    of the app and the bot (CV Generator)
  --app-id ID            an Entra app that is there already
  --connection NAME      the bot's OAuth connection (graph)
  --roles app|groups     where people's roles come from: app roles or your groups (app)
  --chats                allow CVs from group chats and channels
  --mail                 allow drafts of e-mails in people's own mailboxes
  --sharepoint           Word files go to a SharePoint library that you choose
  --new-secret           make a new secret, here and in the OAuth connection

Needed: the Azure CLI, signed in (az login), and jq; both are there in the Azure Cloud Shell.
TEXT
}

note() { printf '%s\n' "$*" >&2; }
fail() {
  note "register.sh: $*"
  exit 1
}

azure() { az "$@" --only-show-errors --output json; }

# for some seconds after something is made, Entra may answer that it does not exist
patiently() {
  local attempt
  for attempt in 1 2 3 4 5 6; do
    if azure "$@" 2>"$work/error"; then return 0; fi
    grep -qE 'ResourceNotFound|does not exist|does not reference a valid application|cannot be found' "$work/error" && [ "$attempt" -lt 6 ] || break
    note "Waiting for Entra"
    sleep "$((attempt * 2))"
  done
  cat "$work/error" >&2
  return 1
}

domain='' group='' location=germanywestcentral bot='' name='CV Generator' app_id='' connection=graph roles=app
chats=false mail=false sharepoint=false new_secret=false
while [ $# -gt 0 ]; do
  case $1 in
    --domain | --resource-group | --location | --bot | --display-name | --app-id | --connection | --roles)
      [ $# -gt 1 ] || fail "$1 needs a value"
      ;;&
    --domain) domain=$2 ;;
    --resource-group) group=$2 ;;
    --location) location=$2 ;;
    --bot) bot=$2 ;;
    --display-name) name=$2 ;;
    --app-id) app_id=$2 ;;
    --connection) connection=$2 ;;
    --roles) roles=$2 ;;
    --chats) chats=true ;;
    --mail) mail=true ;;
    --sharepoint) sharepoint=true ;;
    --new-secret) new_secret=true ;;
    -h | --help)
      usage
      exit
      ;;
    *) fail "unknown option $1 (--help lists them)" ;;
  esac
  case $1 in --chats | --mail | --sharepoint | --new-secret) shift ;; *) shift 2 ;; esac
done

guid='^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
app_id=${app_id,,} domain=${domain,,}
[[ $domain =~ ^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$ ]] || fail "--domain: a host name like cv.firma.de is needed"
[[ $group =~ ^[A-Za-z0-9._()-]{1,90}$ ]] || fail "--resource-group: a name of letters, digits and -_.() is needed"
[[ -z $bot || $bot =~ ^[A-Za-z0-9_-]{4,42}$ ]] || fail "--bot: 4 to 42 letters, digits, - or _"
[[ $name =~ ^[A-Za-z0-9\ ._-]{1,42}$ ]] || fail "--display-name: at most 42 letters, digits, spaces and ._-"
[[ -z $app_id || $app_id =~ $guid ]] || fail "--app-id: the application (client) id of an Entra app is needed"
[[ $connection =~ ^[A-Za-z0-9_-]{1,64}$ ]] || fail "--connection: letters, digits, - or _"
[[ $roles =~ ^(app|groups)$ ]] || fail "--roles: app or groups"
for tool in az jq; do command -v "$tool" >/dev/null || fail "$tool is missing; the Azure Cloud Shell has it"; done

umask 077
work=$(mktemp -d)
unseen=false connecting=false
# shellcheck disable=SC2317 # called by the trap
leave() {
  local status=$? key keys=''
  if $unseen; then # a secret that nobody has seen must not stay valid, nor a connection with it
    if $connecting; then azure bot authsetting delete "${setting[@]}" >/dev/null 2>&1 || true; fi
    keys=$(azure ad app credential list --id "$app_id" | jq -r --slurpfile before "$work/before.json" '(map(.keyId) - ($before[0] | map(.keyId)))[]') ||
      note "A secret may have been made and not shown. Look, and delete the newest: Entra, App registrations, Certificates & secrets."
    for key in $keys; do
      azure ad app credential delete --id "$app_id" --key-id "$key" >/dev/null ||
        note "The secret with the key id $key was made and not shown. Delete it: Entra, App registrations, Certificates & secrets."
    done
  fi
  rm -rf "$work"
  [ "$status" -eq 0 ] || note "Not finished. What is done stays; run the same command again."
  exit "$status"
}
trap leave EXIT
trap 'exit 130' INT TERM

# --- the Entra app ---------------------------------------------------------------------------------------------------

tenant=$(azure account show | jq -er .tenantId) || fail "please sign in first: az login"

if [ -z "$app_id" ]; then
  found=$(azure ad app list --filter "displayName eq '$name'")
  case $(jq length <<<"$found") in
    0)
      note "Making the Entra app $name"
      app_id=$(azure ad app create --display-name "$name" --sign-in-audience AzureADMyOrg | jq -er .appId)
      ;;
    1) app_id=$(jq -er '.[0].appId' <<<"$found") ;;
    *) fail "several Entra apps are called $name: say which by --app-id ($(jq -r '[.[].appId] | join(", ")' <<<"$found"))" ;;
  esac
fi
object=$(patiently ad app show --id "$app_id" | jq -er .id) || fail "the Entra app $app_id is not there"
resource="api://$domain/botid-$app_id"
: "${bot:=cv-generator-${app_id:0:8}}"

delegated=(openid profile offline_access User.Read Files.ReadWrite)
application=()
if $chats; then delegated+=(Chat.Read ChannelMessage.Read.All); fi
if $mail; then delegated+=(Mail.ReadWrite); fi
if $sharepoint; then application+=(Sites.Selected); fi
case $roles in
  app) application+=(Directory.Read.All) ;;                     # app role assignments of a user, also by group
  groups) application+=(User.ReadBasic.All GroupMember.Read.All) ;; # is a user a member of one of these groups
esac

azure ad sp show --id "$GRAPH" >"$work/graph.json"
jq -en --slurpfile graph "$work/graph.json" --arg delegated "${delegated[*]}" --arg application "${application[*]}" '
  def one($list; $type): . as $name | ($list | map(select(.value == $name))[0].id // error("Graph has no permission \($name)")) | {id: ., type: $type};
  ($delegated / " " | map(one($graph[0].oauth2PermissionScopes; "Scope"))) + ($application / " " | map(one($graph[0].appRoles; "Role")))
' >"$work/access.json"

# brings the Entra app to what a jq filter makes of it; the filter only adds, and answers nothing but the fields it is about
complete() {
  local what=$1 filter=$2
  patiently ad app show --id "$object" >"$work/app.json"
  jq --arg resource "$resource" --arg redirect "$REDIRECT" --arg graph "$GRAPH" --slurpfile access "$work/access.json" "$filter" "$work/app.json" >"$work/wanted.json"
  if jq -e --slurpfile wanted "$work/wanted.json" '
    def like($w): if ($w | type) == "object" then . as $me | $w | with_entries(.key as $k | .value = ($me[$k] | like($w[$k]))) else . end;
    like($wanted[0]) == $wanted[0]' "$work/app.json" >/dev/null; then return; fi
  note "Entra app: $what"
  patiently rest --method patch --url "https://graph.microsoft.com/v1.0/applications/$object" \
    --headers Content-Type=application/json --body "@$work/wanted.json" >/dev/null
}

# the ids are the same in every tenant
# shellcheck disable=SC2016 # the dollars are jq's
complete 'scope access_as_user, token version 2, redirect, app roles, permissions' '
  def role($id; $name; $what): {id: $id, value: $name, displayName: $name, description: $what, allowedMemberTypes: ["User"], isEnabled: true};
  def with($item): if any(.[]; .value == $item.value) then . else . + [$item] end;
  {
    web: {redirectUris: (.web.redirectUris | if index([$redirect]) then . else . + [$redirect] end)},
    api: {
      requestedAccessTokenVersion: 2,
      oauth2PermissionScopes: (.api.oauth2PermissionScopes | with({
        id: "7e00776f-5bcc-4edb-a3e9-333003cd60f9", value: "access_as_user", type: "User", isEnabled: true,
        adminConsentDisplayName: "Use CV Generator as the signed-in person",
        adminConsentDescription: "Teams may call the app in the name of the person who uses it.",
        userConsentDisplayName: "Use CV Generator in your name",
        userConsentDescription: "Teams may call the app in your name."
      }))
    },
    appRoles: (.appRoles
      | with(role("220d7a39-624c-4520-b8b6-292ec71f5a94"; "Recruiter"; "Works on CVs"))
      | with(role("e8feff6f-07ae-4971-b4eb-75bdd21bd71a"; "Approver"; "Approves offers"))
      | with(role("7634370a-32ce-4aa7-b8c3-ecf3a30d79cc"; "Admin"; "Works on CVs, sets periods and API keys"))
      | with(role("7ff244b4-8fd8-4c40-ac56-8369afa7595b"; "Auditor"; "Reads the log and reports"))),
    requiredResourceAccess: (.requiredResourceAccess
      | if any(.[]; .resourceAppId == $graph) then . else . + [{resourceAppId: $graph, resourceAccess: []}] end
      | map(if .resourceAppId == $graph then .resourceAccess |= (. as $has | . + ($access[0] | map(select(. as $a | any($has[]; .id == $a.id and .type == $a.type) | not)))) else . end))
  }'

# in a second request: Entra knows a scope only after the request that made it, and takes this URI only from apps with tokens of version 2
# shellcheck disable=SC2016 # the dollars are jq's
complete "application id URI $resource, Teams as a client that needs no consent" '
  [.api.oauth2PermissionScopes[] | select(.value == "access_as_user").id] as $scope
  | def client($id):
      if any(.[]; .appId == $id) | not then . + [{appId: $id, delegatedPermissionIds: $scope}]
      else map(if .appId == $id and (.delegatedPermissionIds | contains($scope) | not) then .delegatedPermissionIds += $scope else . end) end;
  {
    identifierUris: (.identifierUris | if index([$resource]) then . else . + [$resource] end),
    api: {preAuthorizedApplications: (.api.preAuthorizedApplications
      | client("1fec8e78-bce4-4aaf-ab1b-5451cc387264") # Teams on the desktop and on telephones
      | client("5e3ce6c0-2b1f-4285-8d4b-75ee78787346") # Teams in the browser
    )}
  }'

if [ "$(azure ad sp list --filter "appId eq '$app_id'" | jq length)" = 0 ]; then
  note "Making the enterprise application"
  patiently ad sp create --id "$app_id" >/dev/null
fi

# --- the bot ---------------------------------------------------------------------------------------------------------

if [ "$(azure group exists --name "$group")" != true ]; then
  note "Making the resource group $group"
  azure group create --name "$group" --location "$location" >/dev/null
fi

here=(--resource-group "$group" --name "$bot")
endpoint="https://$domain/api/messages"
if [ "$(azure resource list --resource-group "$group" --resource-type "$BOT_TYPE" | jq --arg bot "$bot" 'any(.[]; .name == $bot)')" = true ]; then
  azure bot show "${here[@]}" >"$work/bot.json"
  jq -e --arg id "$app_id" '.properties.msaAppId == $id' "$work/bot.json" >/dev/null || fail "the Azure Bot $bot belongs to another Entra app; give another name by --bot"
  if ! jq -e --arg endpoint "$endpoint" '.properties.endpoint == $endpoint' "$work/bot.json" >/dev/null; then
    note "Azure Bot: messages go to $endpoint"
    azure bot update "${here[@]}" --endpoint "$endpoint" >/dev/null
  fi
else
  note "Making the Azure Bot $bot"
  azure bot create "${here[@]}" --app-type SingleTenant --appid "$app_id" --tenant-id "$tenant" --display-name "$name" --endpoint "$endpoint" --sku F0 >/dev/null
fi

channels="/subscriptions/{subscriptionId}/resourceGroups/$group/providers/$BOT_TYPE/$bot/channels"
if [ "$(azure rest --method get --url "$channels" --url-parameters "api-version=$CHANNELS_API" | jq 'any(.value[]; .properties.channelName == "MsTeamsChannel")')" != true ]; then
  note "Opening the Teams channel"
  azure bot msteams create "${here[@]}" >/dev/null
fi

# --- secret and OAuth connection: last, so that a secret is made only when all else is there -------------------------

setting=("${here[@]}" --setting-name "$connection")
scopes="${delegated[*]}"
state=missing
if [ "$(azure bot authsetting list "${here[@]}" | jq --arg c "$connection" 'any(.[]; (.id / "/" | last) == $c)')" = true ]; then
  azure bot authsetting show "${setting[@]}" >"$work/setting.json"
  state=$(jq -r --arg id "$app_id" --arg url "$resource" --arg scopes "$scopes" '
    .properties
    | (.parameters // [] | map(select(.key | ascii_downcase == "tokenexchangeurl").value)) as $urls # not every answer shows them
    | if .clientId == $id and ($scopes / " " - (.scopes | [splits("[ ,]+")]) == []) and ($urls - [$url, null, ""] == []) then "fine" else "other" end' "$work/setting.json")
  scopes=$(jq -r --arg scopes "$scopes" '[$scopes / " " | .[]] + [.properties.scopes | splits("[ ,]+")] | reduce .[] as $s ([]; if index([$s]) or $s == "" then . else . + [$s] end) | join(" ")' "$work/setting.json")
fi

password=''
if [ "$state" != fine ] || $new_secret; then
  azure ad app credential list --id "$app_id" >"$work/before.json"
  jq -r '.[] | "There is an older secret (key id \(.keyId), until \(.endDateTime)): delete it when nothing uses it."' "$work/before.json" >&2
  note "Making a secret, valid for one year"
  unseen=true
  patiently ad app credential reset --id "$app_id" --append --display-name cv-generator --years 1 | jq -ejr .password >"$work/password"
  if [ "$state" != missing ]; then azure bot authsetting delete "${setting[@]}" >/dev/null; fi
  note "Making the OAuth connection $connection"
  connecting=true
  azure bot authsetting create "${setting[@]}" --service Aadv2 --client-id "$app_id" --client-secret "@$work/password" \
    --provider-scope-string "$scopes" --parameters "tenantId=$tenant" "tokenExchangeUrl=$resource" >/dev/null
  password=$(<"$work/password")
fi

# --- what the app needs to know --------------------------------------------------------------------------------------

printf '%s\n' "MICROSOFT_APP_ID=$app_id" "MICROSOFT_APP_TENANT_ID=$tenant" MICROSOFT_APP_TYPE=SingleTenant "PUBLIC_URL=https://$domain" "SSO_CONNECTION=$connection" "ROLES=$roles"
if [ -n "$password" ]; then
  printf '%s\n' "MICROSOFT_APP_PASSWORD=$password"
  unseen=false
else
  note "MICROSOFT_APP_PASSWORD was shown when it was made; --new-secret makes another one."
fi
note "Still to do, by a Global or Privileged Role Administrator: consent for the firm at" \
  "https://login.microsoftonline.com/$tenant/adminconsent?client_id=$app_id, then assign roles to people (docs/registration.md)."
