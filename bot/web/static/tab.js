"use strict";

// Inside Teams: signs in silently and follows the client's theme. On this computer nobody needs to sign in.
const tab = (() => {
  const teams = window.microsoftTeams;
  const language = { "Accept-Language": document.documentElement.lang };
  if (!teams) return { headers: async () => language };

  function look(theme) {
    document.documentElement.dataset.theme = theme === "default" ? "light" : "dark";
  }

  const ready = (async () => {
    await teams.app.initialize();
    const context = await teams.app.getContext();
    look(context.app.theme);
    const batch = context.page?.subPageId; // a card's link to the files of a batch
    const asked = new URLSearchParams(location.search);
    if (/^[0-9a-f]{32}$/.test(batch || "") && !asked.has("batch")) {
      asked.set("batch", batch);
      location.replace(`?${asked}`);
    }
    teams.app.registerOnThemeChangeHandler(look);
    teams.app.notifySuccess();
  })();

  return {
    async headers() {
      try {
        await ready;
        return { ...language, Authorization: `Bearer ${await teams.authentication.getAuthToken()}` };
      } catch {
        say(texts.sign_in_failed);
        throw new Error("not signed in");
      }
    },
  };
})();
