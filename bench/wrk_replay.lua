-- Sends requests that were prepared in a file, each once. A record is four bytes of length and a raw HTTP request.
-- Each thread has a file of its own: the argument, a dot, and the thread's number.
threads = {}

function setup(thread)
   thread:set("number", #threads)
   threads[#threads + 1] = thread
end

function init(arguments)
   exhausted = 0
   file = assert(io.open(arguments[1] .. "." .. number, "rb"))
end

function request()
   local length = file:read(4)
   if not length then
      exhausted = 1
      wrk.thread:stop()
      return "GET /services/ping HTTP/1.1\r\nHost: localhost\r\n\r\n"
   end
   local a, b, c, d = length:byte(1, 4)
   return file:read(((a * 256 + b) * 256 + c) * 256 + d)
end
