// Where a token is asked for.
import { html } from "./html.js";
import { useRef, useState } from "preact/hooks";
import { enter } from "./live.js";
import { Status } from "./parts.js";

export function Entry() {
  const field = useRef(null);
  const [problem, fail] = useState("");
  const submit = async (event) => {
    event.preventDefault();
    try {
      await enter(field.current.value);
    } catch (error) {
      fail(error.message);
    }
  };
  return html`<main id="main" class="entry"><form class="card" onSubmit=${submit}>
    <h1>touchpath</h1>
    <p class="about">Whoever runs the console gives out tokens; a browser that was given one keeps it for two weeks.</p>
    <label for="token">Token</label>
    <input id="token" ref=${field} type="password" autocomplete="current-password" required aria-describedby="token-problem" />
    <button type="submit">Open</button>
    <p id="token-problem" class="problem" role="alert">${problem && html`<${Status} kind="bad">Not opened<//> ${problem}`}</p>
  </form></main>`;
}
