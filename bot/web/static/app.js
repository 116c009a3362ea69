"use strict";

const texts = JSON.parse(document.getElementById("texts").textContent);
const list = document.getElementById("jobs");
const message = document.getElementById("message");
const shown = new Map();
const batch = /^[0-9a-f]{32}$/.exec(new URLSearchParams(location.search).get("batch") || "")?.[0];
const tenant = new URLSearchParams(location.search).get("tenant");
const where = tenant ? `?tenant=${encodeURIComponent(tenant)}` : "";

function say(text) {
  message.textContent = text;
  message.hidden = !text;
}

async function call(path, options) {
  try {
    const response = await fetch(path, { ...options, headers: { ...(await tab.headers()), ...options?.headers } });
    if (response.status === 204) return {};
    const body = await response.json();
    if (!response.ok) {
      say(body.error ? body.error.message : texts.failed);
      return null;
    }
    return body;
  } catch {
    if (message.hidden) say(texts.failed);
    return null;
  }
}

function fill(element, selector, text) {
  const node = element.querySelector(selector);
  node.textContent = text || "";
  node.hidden = !text;
  return node;
}

function show(job) {
  if (batch && job.batch_id !== batch) return;
  if (job.status === "deleted" || (job.archive && job.status === "done")) { // a ZIP file has become the CVs in it
    if (job.archive && shown.has(job.job_id)) refresh();
    shown.get(job.job_id)?.remove();
    shown.delete(job.job_id);
    document.getElementById("empty").hidden = shown.size > 0;
    return;
  }
  let element = shown.get(job.job_id);
  if (element && job.updated < element.dataset.updated) return; // an answer that was overtaken by an event
  if (!element) {
    element = document.getElementById("job").content.firstElementChild.cloneNode(true);
    element.dataset.job = job.job_id;
    shown.set(job.job_id, element);
    list.prepend(element);
    element.querySelector(".retry").addEventListener("click", () => act(job.job_id, "retry"));
    element.querySelector(".fresh").addEventListener("click", () => act(job.job_id, "fresh"));
    element.querySelector(".cancel").addEventListener("click", () => act(job.job_id, "cancel"));
    element.querySelector(".delete").addEventListener("click", () => remove(job.job_id, job.file));
  }
  document.getElementById("empty").hidden = true;
  const ended = !["queued", "running"].includes(job.status);
  const result = job.result;
  element.dataset.status = job.status;
  element.dataset.updated = job.updated;
  fill(element, ".name", (result && result.candidate) || job.file);
  fill(element, ".file", result ? job.file : "");
  fill(element, ".line", result ? [result.headline, result.years_text].filter(Boolean).join(" · ") : "");
  fill(element, ".note", note(job));
  const bar = element.querySelector("progress");
  bar.hidden = ended;
  bar.value = Math.max(job.progress, 0.05);
  bar.setAttribute("aria-label", job.file);
  const steps = element.querySelector(".steps");
  steps.hidden = ended;
  steps.replaceChildren(...job.steps.map((step) => {
    const item = document.createElement("li");
    item.textContent = step.title;
    item.className = step.status;
    return item;
  }));
  fill(element, ".error", job.error ? `${job.error.message} (${job.error.reference})` : "");
  const findings = element.querySelector(".findings");
  const first = result ? result.findings.slice(0, 5) : [];
  findings.hidden = first.length === 0;
  findings.replaceChildren(...first.map((finding) => {
    const item = document.createElement("li");
    item.textContent = finding.text;
    return item;
  }));
  const open = fill(element, ".open", job.result_url ? texts.open : "");
  open.href = job.result_url || "#";
  const json = fill(element, ".json", job.json_url ? texts.json : "");
  json.href = job.json_url || "#";
  fill(element, ".retry", (job.error && job.error.retry) || job.status === "cancelled" ? texts.retry : "");
  fill(element, ".fresh", job.known && job.status === "done" ? texts.fresh : "");
  fill(element, ".cancel", ended ? "" : texts.cancel);
  fill(element, ".delete", ended ? texts.delete : "");
}

async function upload(files) {
  say("");
  const cvs = [...files].filter((file) => {
    const ok = file.type === "application/pdf" || /\.(pdf|docx|zip)$/i.test(file.name);
    if (!ok) say(texts.not_a_cv.replace("{file}", file.name));
    return ok;
  });
  if (!cvs.length) return;
  const form = new FormData();
  form.append("template", document.getElementById("template").value);
  form.append("language", document.getElementById("language").value);
  cvs.forEach((file) => form.append("file", file, file.name));
  const several = cvs.length > 1;
  const answer = await call(several ? "/api/v1/batch/process" : "/api/v1/cv/process", { method: "POST", body: form });
  if (!answer) return;
  if (answer.refused && answer.refused.length) {
    say(answer.refused.map((r) => `${r.file}: ${r.error.message}`).join("\n"));
  }
  for (const id of answer.job_ids || [answer.job_id]) {
    const job = await call(`/api/v1/jobs/${id}`);
    if (job) show(job);
  }
}

function note(job) {
  if (job.status === "cancelled") return texts.cancelled;
  if (job.known && job.status === "done") return job.result ? texts.known : texts.known_gone;
  if (job.result && job.result.version > 1) return [texts.version.replace("{number}", job.result.version), ...job.result.changes].join("\n");
  return "";
}

async function act(id, verb) {
  const job = await call(`/api/v1/jobs/${id}/${verb}`, { method: "POST" });
  if (job) show(job);
}

async function remove(id, file) {
  if (!window.confirm(texts.delete_question.replace("{file}", file))) return;
  const done = await call(`/api/v1/jobs/${id}`, { method: "DELETE" });
  if (done) show({ job_id: id, status: "deleted" });
}

async function refresh() {
  const answer = await call(batch ? `/api/v1/batches/${batch}${where}` : "/api/v1/jobs");
  if (!answer) return;
  if (batch) document.getElementById("zip").href = answer.zip_url;
  answer.jobs.reverse().forEach(show);
}

if (batch) {
  document.getElementById("form").hidden = true;
  document.getElementById("batch").hidden = false;
  document.getElementById("all").textContent = texts.all_cvs;
  document.getElementById("zip").textContent = texts.zip;
}

const input = document.getElementById("files");
const drop = document.getElementById("drop");
input.addEventListener("change", () => {
  upload(input.files);
  input.value = "";
});
for (const name of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", name === "dragover");
    if (name === "drop") upload(event.dataTransfer.files);
  });
}

// server-sent events; EventSource could not send who asks
async function listen() {
  for (let pause = 1000; ; pause = Math.min(pause * 2, 30000)) {
    try {
      const response = await fetch("/api/v1/events", { headers: await tab.headers() });
      if (response.ok) {
        refresh();
        pause = 1000;
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        for (let rest = "", part = await reader.read(); !part.done; part = await reader.read()) {
          const events = (rest + part.value).split("\n\n");
          rest = events.pop();
          for (const event of events) {
            const data = /^data: (.*)$/m.exec(event);
            if (data) show(JSON.parse(data[1]));
          }
        }
      } else {
        say((await response.json()).error.message);
      }
    } catch { // the server is away: it is asked again
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

listen();
