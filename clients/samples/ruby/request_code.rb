# frozen_string_literal: true

# Request a one-time code:  ruby request_code.rb [CASE]
#
# CASE is your own reference of one patient's test, any text. It makes the request repeatable: as long as the code is
# not used, asking again for the same CASE replaces it. The server sees only a keyed hash of it.
#
# Environment: SUBMISSION_URL, KEY_CLAIM_TOKEN, and with CASE also HASH_ID_KEY, a secret of your own that never changes.
# Needs: Ruby 3, no gems. Prints the code alone; exit status 0 a code, 1 none.
require "net/http"
require "openssl"

WAITS = [1, 2, 4].freeze # seconds before the second, third and fourth try
PASSING = [429, 500, 502, 503, 504].freeze
REASONS = {
  401 => "the token is not accepted; check KEY_CLAIM_TOKEN (the token alone, without its label)",
  403 => "the patient has already used a code; no new one is given for this CASE",
  404 => "check SUBMISSION_URL",
  429 => "too many requests; try again later"
}.freeze

def setting(name)
  value = ENV.fetch(name, "")
  value.empty? ? abort("request_code: #{name} is not set") : value
end

# 128 characters that say nothing about the case to whoever lacks the key.
def hash_id(name)
  OpenSSL::HMAC.hexdigest("SHA512", setting("HASH_ID_KEY"), name)
end

def post_once(uri)
  request = Net::HTTP::Post.new(uri, "Authorization" => "Bearer #{setting('KEY_CLAIM_TOKEN')}")
  request.body = ""
  Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == "https", open_timeout: 5, read_timeout: 30) do |http|
    http.max_retries = 0
    http.request(request)
  end
end

# Trying again is harmless: a code that nobody reads expires unused.
def post(uri, waits = WAITS)
  answer = post_once(uri)
  return answer if waits.empty? || !PASSING.include?(answer.code.to_i)

  asked = Integer(answer["Retry-After"], 10, exception: false) if answer["Retry-After"]
  sleep(asked ? asked.clamp(0, 60) : waits.first)
  post(uri, waits.drop(1))
rescue SystemCallError, SocketError, Timeout::Error, OpenSSL::SSL::SSLError, EOFError => e
  abort("request_code: the server did not answer: #{e.class}") if waits.empty?
  sleep(waits.first)
  post(uri, waits.drop(1))
end

path = ARGV.empty? ? "/new-key-claim" : "/new-key-claim/#{hash_id(ARGV.first)}"
answer = post(URI(setting("SUBMISSION_URL").chomp("/") + path))
status = answer.code.to_i
unless status == 200
  abort("request_code: #{status}: #{REASONS.fetch(status, 'the server has a problem; try again later')}")
end

code = answer.body.strip
# Anything but ten characters, such as an error page of a proxy, must never be read out to a patient.
abort("request_code: the server's answer is not a code") unless code.match?(/\A[A-Z0-9]{10}\z/)
puts code
