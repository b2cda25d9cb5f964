# frozen_string_literal: true

# Request a one-time code:  ruby request_code.rb [CASE]
#
# CASE is your own reference of one patient's test, any text. It makes the request repeatable: as long as the code is
# not used, asking again for the same CASE replaces it. The server sees only a keyed hash of it.
#
# Environment: SUBMISSION_URL, KEY_CLAIM_TOKEN, and with CASE also HASH_ID_KEY, a constant secret of your own.
# Prints the code alone; exit status 0 a code, 1 none.
require_relative "service"

REASONS = {
  401 => "the token is not accepted; check KEY_CLAIM_TOKEN (the token alone, without its label)",
  403 => "the patient has already used a code; no new one is given for this CASE",
  404 => "check SUBMISSION_URL",
  429 => "too many requests; try again later"
}.freeze

# 128 characters that reveal nothing of the case without the key.
def hash_id(name)
  OpenSSL::HMAC.hexdigest("SHA512", setting("HASH_ID_KEY"), name)
end

path = ARGV.empty? ? "/new-key-claim" : "/new-key-claim/#{hash_id(ARGV.first)}"
headers = { "Authorization" => "Bearer #{setting('KEY_CLAIM_TOKEN')}" }
# Trying again does no harm: a code that is not used expires.
answer = send_request("POST", setting("SUBMISSION_URL").chomp("/") + path, "", headers)
status = answer.code.to_i
stop("#{status}: #{REASONS.fetch(status, 'the server has a problem; try again later')}") unless status == 200

code = answer.body.strip
# Anything but ten characters, such as an error page of a proxy, must never be read out to a patient.
stop("the server's answer is not a code") unless code.match?(/\A[A-Z0-9]{10}\z/)
puts code
