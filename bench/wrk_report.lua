-- Ends every wrk script: prints what was measured as one line of JSON. Times are microseconds.
function done(summary, latency, requests)
   local exhausted = 0
   for _, thread in ipairs(threads or {}) do
      exhausted = exhausted + (thread:get("exhausted") or 0)
   end
   io.write(string.format(
      '\n{"requests": %d, "duration": %d, "bytes": %d, "p50": %d, "p95": %d, "p99": %d, '
      .. '"connect": %d, "read": %d, "write": %d, "status": %d, "timeout": %d, "exhausted": %d}\n',
      summary.requests, summary.duration, summary.bytes,
      latency:percentile(50), latency:percentile(95), latency:percentile(99),
      summary.errors.connect, summary.errors.read, summary.errors.write, summary.errors.status,
      summary.errors.timeout, exhausted))
end
