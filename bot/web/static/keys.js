"use strict";

// API keys, for admins: made here, shown once, revoked here.
(async () => {
  const me = await call("/api/v1/me");
  if (!me || me.tenant === "local" || !me.roles.includes("admin")) return;
  const section = document.getElementById("keys");
  const list = section.querySelector("ul");
  section.hidden = false;

  function row(key) {
    const item = document.createElement("li");
    const name = document.createElement("strong");
    name.textContent = key.name;
    const about = document.createElement("span");
    about.textContent = [key.scopes.map((scope) => texts[`scope_${scope}`]).join(", "), new Date(key.created).toLocaleDateString(document.documentElement.lang)].join(" · ");
    const revoke = document.createElement("button");
    revoke.type = "button";
    revoke.textContent = texts.key_revoke;
    revoke.addEventListener("click", async () => {
      if (!window.confirm(texts.key_revoke_question.replace("{name}", key.name))) return;
      if (await call(`/api/v1/keys/${key.key_id}`, { method: "DELETE" })) show();
    });
    item.append(name, about, revoke);
    return item;
  }

  async function show() {
    const answer = await call("/api/v1/keys");
    if (answer) list.replaceChildren(...answer.keys.map(row));
  }

  section.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    const body = JSON.stringify({ name: form.get("name"), scopes: form.getAll("scope") });
    const made = await call("/api/v1/keys", { method: "POST", body, headers: { "Content-Type": "application/json" } });
    if (!made) return;
    const once = section.querySelector(".once");
    once.hidden = false;
    once.querySelector("code").textContent = made.key;
    event.target.reset();
    show();
  });
  show();
})();
