# frozen_string_literal: true

# Claim a one-time code and upload keys:  ruby claim_and_upload.rb CODE
#
# The keys are invented, one for each of the last 14 days: an app sends those of its phone.
#
# Environment: SUBMISSION_URL.
require "rbnacl"
require_relative "exposure_pb"
require_relative "service"

DAY = 144 # intervals of 10 minutes

# Returns the status and the message of an answer, or stops.
def post(path, message, kind, retry_on)
  url = setting("SUBMISSION_URL").chomp("/") + path
  headers = { "Content-Type" => "application/x-protobuf" }
  answer = send_request("POST", url, message.class.encode(message), headers, retry_on: retry_on)
  [answer.code.to_i, kind.decode(answer.body.to_s)]
rescue Google::Protobuf::ParseError # a page of HTML, for example
  stop("#{answer.code}: the server did not answer with a message")
end

# Returns the server's public key. A code can be claimed once, so a lost answer needs a new code: no other try.
def claim(code, app_key)
  request = Exposure::KeyClaimRequest.new(one_time_code: code, app_public_key: app_key.public_key.to_bytes)
  status, answer = post("/claim-key", request, Exposure::KeyClaimResponse, [])
  case answer.error
  when :TEMPORARY_BAN # status 429, after too many wrong codes
    stop("too many wrong codes: try again in #{answer.remaining_ban_duration&.seconds.to_i / 60 + 1} minutes")
  when :INVALID_ONE_TIME_CODE # status 401
    stop("the code is wrong, used or older than a day; #{answer.tries_remaining} tries left")
  end
  good = status == 200 && answer.error == :NONE && answer.server_public_key.bytesize == 32
  good ? answer.server_public_key : stop("the code was not accepted: #{status}, error #{answer.error}")
end

# Sends keys. The server skips those it has, so trying again after a lost answer does no harm.
def upload(app_key, server_key)
  today = Time.now.to_i / 600 / DAY * DAY
  keys = (1..14).map do |age|
    Exposure::TemporaryExposureKey.new(
      key_data: RbNaCl::Random.random_bytes(16), rolling_start_interval_number: today - (age * DAY),
      rolling_period: DAY, transmission_risk_level: 1
    )
  end
  # The server allows an hour of difference between its clock and the timestamp.
  timestamp = Google::Protobuf::Timestamp.new(seconds: Time.now.to_i)
  plain = Exposure::Upload.encode(Exposure::Upload.new(timestamp: timestamp, keys: keys))
  nonce = RbNaCl::Random.random_bytes(RbNaCl::Box.nonce_bytes)
  request = Exposure::EncryptedUploadRequest.new(
    server_public_key: server_key, app_public_key: app_key.public_key.to_bytes,
    nonce: nonce, payload: RbNaCl::Box.new(server_key, app_key).encrypt(nonce, plain)
  )
  status, answer = post("/upload", request, Exposure::EncryptedUploadResponse, TEMPORARY)
  good = status == 200 && answer.has_error? && answer.error == :NONE
  stop("the keys were not accepted: #{status}, error #{answer.error}") unless good
rescue RbNaCl::CryptoError
  stop("the server's public key protects nothing; do not upload")
end

stop("usage: ruby claim_and_upload.rb CODE") unless ARGV.length == 1
app_key = RbNaCl::PrivateKey.generate
upload(app_key, claim(code_of(ARGV.first), app_key))
puts "14 keys accepted"
