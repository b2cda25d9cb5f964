// One request to the review instance itself, answered in JSON.

import { Trouble } from "../review/trouble.js";

export async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      cache: "no-store",
      redirect: "error",
      headers: { Accept: "application/json" },
      ...options,
    });
  } catch {
    throw new Trouble("live.front.unreachable");
  }
  if (!answer.ok) throw new Trouble("live.front.status", { status: answer.status });
  return answer.json();
}
