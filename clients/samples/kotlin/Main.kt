// The samples for a terminal:  claim-and-upload CODE  |  fetch-day [YYYY-MM-DD]
//
// The keys of an upload are invented, one for each of the last 14 days: an app sends those of its phone. `fetch-day`
// prints one line for each key: key (hexadecimal), first interval (unix time / 600 s), number of intervals,
// transmission risk.
//
// Environment: SUBMISSION_URL, RETRIEVAL_URL, RETRIEVE_HMAC_KEY (hexadecimal), EXPORT_PUBLIC_KEY.
package exposure

import com.google.protobuf.ByteString
import java.security.SecureRandom
import java.time.LocalDate
import java.time.format.DateTimeParseException
import kotlin.system.exitProcess
import exposure.Messages.TemporaryExposureKey

private const val DAY = 144 // intervals of 10 minutes

fun main(arguments: Array<String>) {
    try {
        when {
            arguments.size == 2 && arguments[0] == "claim-and-upload" -> claimAndUpload(arguments[1])
            arguments.size in 1..2 && arguments[0] == "fetch-day" -> fetchDay(arguments.getOrNull(1))
            else -> throw ExposureException("usage: claim-and-upload CODE | fetch-day [YYYY-MM-DD]")
        }
    } catch (error: ExposureException) {
        System.err.println(error.message)
        exitProcess(1)
    }
}

private fun claimAndUpload(code: String) {
    val service = ExposureService(address("SUBMISSION_URL"), "")
    val today = (System.currentTimeMillis() / 600_000 / DAY * DAY).toInt()
    val keys = (1..14).map { age ->
        TemporaryExposureKey.newBuilder()
            .setKeyData(ByteString.copyFrom(ByteArray(16).also(SecureRandom()::nextBytes)))
            .setRollingStartIntervalNumber(today - age * DAY).setRollingPeriod(DAY).setTransmissionRiskLevel(1).build()
    }
    service.upload(service.claim(code), keys)
    println("14 keys accepted")
}

private fun fetchDay(date: String?) {
    // LocalDate also takes years with a sign.
    if (date != null && !date.matches(Regex("\\d{4}-\\d{2}-\\d{2}"))) {
        throw ExposureException("the day must be YYYY-MM-DD")
    }
    val day = try {
        if (date == null) System.currentTimeMillis() / 86_400_000 else LocalDate.parse(date).toEpochDay()
    } catch (error: DateTimeParseException) {
        throw ExposureException("the day must be YYYY-MM-DD")
    }
    val macKey = setting("RETRIEVE_HMAC_KEY")
    if (!macKey.matches(Regex("([0-9a-fA-F]{2})+"))) throw ExposureException("RETRIEVE_HMAC_KEY is not hexadecimal")
    val bytes = macKey.chunked(2).map { it.toInt(16).toByte() }.toByteArray()
    val service = ExposureService("", address("RETRIEVAL_URL"))
    for (key in service.fetch(day, bytes, publicKeyOf(setting("EXPORT_PUBLIC_KEY"))).keysList) {
        val hex = key.keyData.joinToString("") { "%02x".format(it) }
        println("$hex ${key.rollingStartIntervalNumber} ${key.rollingPeriod} ${key.transmissionRiskLevel}")
    }
}

private fun address(name: String) = setting(name).trimEnd('/')

private fun setting(name: String) = System.getenv(name) ?: throw ExposureException("$name is not set")
