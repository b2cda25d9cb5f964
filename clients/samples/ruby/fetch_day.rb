# frozen_string_literal: true

# Fetch, verify and read the keys of a day:  ruby fetch_day.rb [YYYY-MM-DD]
#
# The day is a UTC day, today if none is given; the last 15 can be fetched. Prints one line for each key:
# key (hexadecimal), first interval (unix time / 600 s), number of intervals, transmission risk.
#
# Environment: RETRIEVAL_URL, RETRIEVE_HMAC_KEY (hexadecimal), EXPORT_PUBLIC_KEY (PEM, or the base64 inside it).
require "base64"
require "date"
require "stringio"
require "zip"
require_relative "exposure_pb"
require_relative "service"

Zip.warn_invalid_date = false # an archive has no times, so that nothing can be read from them
HEADER = "EK Export v1    "
REASONS = {
  401 => "the address is not accepted; check RETRIEVE_HMAC_KEY and this machine's clock",
  404 => "the day is not published yet, or RETRIEVAL_URL is wrong",
  410 => "the day is too long ago"
}.freeze

# Returns a UTC day number.
def wanted_day(text)
  return Time.now.to_i / 86_400 unless text

  stop("the day must be YYYY-MM-DD") unless text.match?(/\A\d{4}-\d\d-\d\d\z/)
  (Date.iso8601(text) - Date.new(1970, 1, 1)).to_i
rescue Date::Error
  stop("the day must be YYYY-MM-DD")
end

# Returns the zip file of a day. The MAC in its address covers the day and the hour, so it is made just before.
def download(day)
  key = setting("RETRIEVE_HMAC_KEY")
  stop("RETRIEVE_HMAC_KEY is not hexadecimal") unless key.match?(/\A(\h\h)+\z/)
  period = format("%05d", day)
  mac = OpenSSL::HMAC.hexdigest("SHA256", [key].pack("H*"), "302:#{period}:#{Time.now.to_i / 3_600}")
  answer = send_request("GET", setting("RETRIEVAL_URL").chomp("/") + "/retrieve/302/#{period}/#{mac}")
  status = answer.code.to_i
  stop("#{status}: #{REASONS.fetch(status, 'the server has a problem; try again later')}") unless status == 200
  answer.body
end

def public_key
  OpenSSL::PKey::EC.new(Base64.decode64(setting("EXPORT_PUBLIC_KEY").gsub(/-----.*-----/, "")))
rescue OpenSSL::PKey::PKeyError
  stop("EXPORT_PUBLIC_KEY is not a public key")
end

# Returns the export once its signature is verified: never use keys that the server did not sign.
def verified(archive)
  key = public_key
  files = Zip::File.open_buffer(StringIO.new(archive)).to_h { |entry| [entry.name, entry.get_input_stream.read] }
  export = files.fetch("export.bin")
  signatures = Exposure::TEKSignatureList.decode(files.fetch("export.sig")).signatures
  # The signature (ASN.1 DER) is over the whole file, its header included.
  good = signatures.length == 1 && key.verify("SHA256", signatures[0].signature, export)
  stop("the archive is not genuine: the signature is wrong") unless good
  Exposure::TemporaryExposureKeyExport.decode(export.byteslice(HEADER.bytesize..))
rescue Zip::Error, Zlib::Error, KeyError, Google::Protobuf::ParseError, OpenSSL::PKey::PKeyError => e
  stop("the archive is not genuine: #{e.class}")
end

verified(download(wanted_day(ARGV.first))).keys.each do |key|
  hex = key.key_data.unpack1("H*")
  puts "#{hex} #{key.rolling_start_interval_number} #{key.rolling_period} #{key.transmission_risk_level}"
end
