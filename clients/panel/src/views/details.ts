import { type TemplateResult, html, nothing } from "lit";
import type { HistoryCall } from "@jackfield/client";
import type { Desk } from "../desk.js";
import { duration, nameOf } from "../format.js";
import type { HistoryDesk } from "../historydesk.js";
import type { Key } from "../i18n.js";
import { icon } from "../icons.js";
import { words } from "./parts.js";

const STATES: Record<string, Key> = { saved: "saved", conflict: "changedSince", failed: "failed" };

/** A call of the past: how long what took, a note, records of the CRM. */
export function details(desk: Desk, history: HistoryDesk, call: HistoryCall): TemplateResult {
  const { draft } = history;
  const fact = (key: Key, value: string | TemplateResult) => html`<div><dt>${desk.t(key)}</dt><dd>${value}</dd></div>`;
  const state = STATES[draft.state];
  return html`<div class="details">
    <dl>
      ${fact("rang", duration(call.ringMs))} ${call.connectedAt ? fact("talked", duration(call.talkMs)) : nothing}
      ${call.holdMs > 0 ? fact("onHold", duration(call.holdMs)) : nothing} ${call.queue ? fact("queue", words(call.queue.name ?? call.queue.id)) : nothing}
      ${call.redirection ? fact("resultTransferred", words(nameOf(call.redirection))) : nothing}
      ${desk.model && desk.model.lines.length > 1 ? fact("line", words(call.line)) : nothing}
    </dl>
    ${call.estimated ? html`<p class="hint">${desk.t("estimated")}</p>` : nothing}
    ${recordings(desk, history, call)}
    <form
      class="comment"
      @submit=${(event: Event) => {
        event.preventDefault();
        void history.save(call);
      }}
    >
      <label class="sr" for="comment-${call.callId}">${desk.t("comment")}</label>
      <textarea
        id="comment-${call.callId}"
        rows="2"
        maxlength="4000"
        placeholder=${desk.t("commentHint")}
        .value=${draft.comment}
        @input=${(event: Event) => history.write((event.target as HTMLTextAreaElement).value)}
      ></textarea>
      <div class="comment-end">
        <span class="hint grow" role="status">${state ? desk.t(state) : nothing}</span>
        <button class="tonal small" ?disabled=${draft.state === "clean" || draft.state === "saving" || draft.state === "saved"}>${desk.t("save")}</button>
      </div>
      ${draft.state === "conflict" && call.comment ? html`<blockquote>${words(call.comment)}</blockquote>` : nothing}
    </form>
    ${links(desk, history, call)}
  </div>`;
}

/** What was recorded, where the host gives it out. */
function recordings(desk: Desk, history: HistoryDesk, call: HistoryCall): TemplateResult | typeof nothing {
  if (!call.recordings?.length) return nothing;
  return html`<div class="recordings">
    ${call.recordings.map((path) =>
      history.playing?.path === path
        ? html`<audio controls autoplay src=${history.playing.url}></audio>`
        : html`<button type="button" class="tonal small" data-action="play" @click=${() => void history.play(path)}>${icon("play")}<span>${desk.t("play")}</span></button>`,
    )}
    ${history.playFailed ? html`<p class="hint" role="status">${desk.t("recordingFailed")}</p>` : nothing}
  </div>`;
}

function links(desk: Desk, history: HistoryDesk, call: HistoryCall): TemplateResult {
  const remove = (index: number) => () => void history.links(call, call.links.filter((_, i) => i !== index));
  const add = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const value = (name: string) => (form.elements.namedItem(name) as HTMLInputElement).value.trim();
    const link = { kind: value("kind"), id: value("id"), title: value("title") };
    if (!link.kind || !link.id) return;
    void history.links(call, [...call.links, { ...link, title: link.title || link.id }]).then(() => form.reset());
  };
  const field = (name: string, label: string) => html`<label><span class="sr">${label}</span><input name=${name} maxlength="200" autocomplete="off" placeholder=${label} /></label>`;
  return html`<div class="links">
    ${call.links.map(
      (link, index) => html`<span class="chip-pair">
        <button class="chip" @click=${() => void desk.tell("link", link)}>${icon("link")}<span>${words(`${link.kind}: ${link.title}`)}</span></button>
        <button class="ghost icon-only tiny" aria-label="${desk.t("remove")}: ${link.title}" @click=${remove(index)}>${icon("close")}</button>
      </span>`,
    )}
    <details class="add-link">
      <summary>${desk.t("addLink")}</summary>
      <form @submit=${add}>${field("kind", desk.t("linkKind"))}${field("id", desk.t("linkId"))}${field("title", desk.t("linkTitle"))}<button class="tonal small">${desk.t("add")}</button></form>
    </details>
  </div>`;
}
