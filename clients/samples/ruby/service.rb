# frozen_string_literal: true

# What the samples share: settings, and a request that survives a short failure of the network or the server.
require "net/http"
require "openssl"

WAITS = [1, 2, 4].freeze # seconds before the second, third and fourth try
TEMPORARY = [429, 500, 502, 503, 504].freeze
FAILURES = [
  SystemCallError, SocketError, IOError, Timeout::Error, OpenSSL::SSL::SSLError, Net::ProtocolError,
  Net::HTTPBadResponse, Net::HTTPHeaderSyntaxError, URI::InvalidURIError, ArgumentError
].freeze

def setting(name)
  value = ENV.fetch(name, "")
  value.empty? ? stop("#{name} is not set") : value
end

# Ends the program with a sentence on standard error.
def stop(reason)
  abort(reason)
end

def send_once(method, url, body, headers)
  uri = URI(url)
  raise ArgumentError, "not an address" unless uri.is_a?(URI::HTTP) && uri.host

  Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == "https", open_timeout: 5, read_timeout: 30) do |http|
    http.max_retries = 0
    answer = http.send_request(method, uri.request_uri, body, headers)
    raise EOFError, "cut off" if answer.content_length && answer.body.to_s.bytesize != answer.content_length

    answer
  end
end

# Returns the answer to a request. A network error and a status of `retry_on` are followed by up to three more tries,
# after as long as Retry-After says (a minute at most). Pass [] where another try does harm.
def send_request(method, url, body = nil, headers = {}, retry_on: TEMPORARY)
  waits = retry_on.empty? ? [] : WAITS.dup
  loop do
    begin
      answer = send_once(method, url, body, headers)
      return answer if waits.empty? || !retry_on.include?(answer.code.to_i)

      asked = Integer(answer["Retry-After"], 10, exception: false) if answer["Retry-After"]
    rescue *FAILURES => e
      stop("the server did not answer: #{e.class}") if waits.empty?
      asked = nil
    end
    wait = waits.shift
    sleep(asked ? asked.clamp(0, 60) : wait)
  end
end

# Returns a one-time code without the spaces, dashes and invisible characters of a paste. Look-alikes stay.
def code_of(text)
  text.encode("UTF-8").unicode_normalize(:nfkc).gsub(/[\p{Z}\p{Cc}\p{Cf}\p{Pd}\u2212]/, "")
rescue ArgumentError, EncodingError
  stop("the code is not text")
end
