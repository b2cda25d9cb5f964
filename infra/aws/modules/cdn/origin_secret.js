import cf from "cloudfront";

// Whatever the client sent under this name is replaced.
async function handler(event) {
  const request = event.request;
  request.headers["${header}"] = { value: await cf.kvs().get("origin-secret") };
  return request;
}
