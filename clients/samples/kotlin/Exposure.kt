// What an app needs of the protocol: claim a code, upload keys, fetch a day. Main.kt calls it from a terminal.
//
// It is for Android and any other JVM: HttpURLConnection, java.util.zip and java.security are in both. NaCl box is that
// of libsodium, called through JNA. Call it from a background thread.
package exposure

import com.sun.jna.Library
import com.sun.jna.Native
import java.io.ByteArrayInputStream
import java.io.IOException
import java.net.HttpURLConnection
import java.net.URL
import java.security.KeyFactory
import java.security.PublicKey
import java.security.SecureRandom
import java.security.Signature
import java.security.spec.X509EncodedKeySpec
import java.text.Normalizer
import java.util.Base64
import java.util.zip.ZipInputStream
import javax.crypto.Mac
import javax.crypto.spec.SecretKeySpec
import com.google.protobuf.ByteString
import com.google.protobuf.InvalidProtocolBufferException
import exposure.Messages.EncryptedUploadRequest
import exposure.Messages.EncryptedUploadResponse
import exposure.Messages.KeyClaimRequest
import exposure.Messages.KeyClaimResponse
import exposure.Messages.TEKSignatureList
import exposure.Messages.TemporaryExposureKey
import exposure.Messages.TemporaryExposureKeyExport
import exposure.Messages.Upload

/** Stops what the app was doing; the text is for a person, in an app to be translated. */
class ExposureException(message: String) : Exception(message)

/** What a claimed code gives. Keep it for 15 days, where only the app can read it. */
class KeyPair(val publicKey: ByteArray, val privateKey: ByteArray, val serverKey: ByteArray)

@Suppress("FunctionName")
private interface Sodium : Library {
    fun sodium_init(): Int
    fun crypto_box_keypair(publicKey: ByteArray, privateKey: ByteArray): Int
    fun crypto_box_easy(
        box: ByteArray, plain: ByteArray, length: Long, nonce: ByteArray, theirs: ByteArray, ours: ByteArray
    ): Int
}

class ExposureService(private val submissionUrl: String, private val retrievalUrl: String) {
    private val sodium: Sodium = Native.load(System.getProperty("sodium", "sodium"), Sodium::class.java)
    private val random = SecureRandom()

    init {
        System.setProperty("sun.net.http.retryPost", "false") // else a desktop Java sends a POST again by itself
        if (sodium.sodium_init() < 0) throw ExposureException("libsodium cannot start")
    }

    /** Exchange a code for a key pair. A code can be claimed once, so a lost answer needs a new code: no other try. */
    fun claim(pasted: String): KeyPair {
        val publicKey = ByteArray(32)
        val privateKey = ByteArray(32)
        sodium.crypto_box_keypair(publicKey, privateKey)
        val request = KeyClaimRequest.newBuilder().setOneTimeCode(codeOf(pasted)).setAppPublicKey(bytes(publicKey))
        val (status, body) = send("$submissionUrl/claim-key", request.build().toByteArray())
        val answer = parsed(status) { KeyClaimResponse.parseFrom(body) }
        if (answer.error == KeyClaimResponse.ErrorCode.TEMPORARY_BAN) { // status 429, after too many wrong codes
            val minutes = answer.remainingBanDuration.seconds / 60 + 1
            throw ExposureException("too many wrong codes: try again in $minutes minutes")
        }
        if (answer.error == KeyClaimResponse.ErrorCode.INVALID_ONE_TIME_CODE) { // status 401
            val tries = answer.triesRemaining
            throw ExposureException("the code is wrong, used or older than a day; $tries tries left")
        }
        if (status != 200 || answer.error != KeyClaimResponse.ErrorCode.NONE || answer.serverPublicKey.size() != 32) {
            throw ExposureException("the code was not accepted: $status, error ${answer.error}")
        }
        return KeyPair(publicKey, privateKey, answer.serverPublicKey.toByteArray())
    }

    /** Send at most 28 keys that have ended. The server skips those it has, so sending them again does no harm. */
    fun upload(pair: KeyPair, keys: List<TemporaryExposureKey>) {
        val plain = Upload.newBuilder().addAllKeys(keys)
        plain.timestampBuilder.seconds = System.currentTimeMillis() / 1_000 // the server allows an hour of difference
        val message = plain.build().toByteArray()
        val nonce = ByteArray(24).also(random::nextBytes)
        val box = ByteArray(message.size + 16)
        if (sodium.crypto_box_easy(box, message, message.size.toLong(), nonce, pair.serverKey, pair.privateKey) != 0) {
            throw ExposureException("the server's public key protects nothing; do not upload")
        }
        val request = EncryptedUploadRequest.newBuilder()
            .setServerPublicKey(bytes(pair.serverKey)).setAppPublicKey(bytes(pair.publicKey))
            .setNonce(bytes(nonce)).setPayload(bytes(box))
        val (status, body) = send("$submissionUrl/upload", request.build().toByteArray())
        val answer = parsed(status) { EncryptedUploadResponse.parseFrom(body) }
        if (status != 200 || !answer.hasError() || answer.error != EncryptedUploadResponse.ErrorCode.NONE) {
            throw ExposureException("the keys were not accepted: $status, error ${answer.error}")
        }
    }

    /** Return the verified keys of a UTC day. On a phone, pass the zip file to the operating system instead. */
    fun fetch(day: Long, macKey: ByteArray, publicKey: PublicKey): TemporaryExposureKeyExport {
        val period = day.toString().padStart(5, '0') // format() would write the digits of the phone's language
        // The MAC covers the day and the hour, so it is made just before the request.
        val mac = Mac.getInstance("HmacSHA256").apply { init(SecretKeySpec(macKey, "HmacSHA256")) }
        val code = mac.doFinal("302:$period:${System.currentTimeMillis() / 3_600_000}".toByteArray())
        val (status, body) = send("$retrievalUrl/retrieve/302/$period/${code.joinToString("") { "%02x".format(it) }}")
        val reason = DAY_REASONS[status] ?: "the server has a problem; try again later"
        if (status != 200) throw ExposureException("$status: $reason")
        val files = unzip(body)
        val export = files["export.bin"] ?: throw ExposureException("the archive is not genuine: it has no export.bin")
        try {
            val signature = TEKSignatureList.parseFrom(files["export.sig"] ?: ByteArray(0)).signaturesList.single()
            val check = Signature.getInstance("SHA256withECDSA").apply { initVerify(publicKey) }
            check.update(export) // the whole file, its header included
            if (!check.verify(signature.signature.toByteArray())) {
                throw ExposureException("the archive is not genuine: the signature is wrong")
            }
            return TemporaryExposureKeyExport.parseFrom(export.copyOfRange(HEADER.length, export.size))
        } catch (error: ExposureException) {
            throw error
        } catch (error: Exception) {
            throw ExposureException("the archive is not genuine: ${error.javaClass.simpleName}")
        }
    }

    /** Send a request, and return the status and the body. Redirects are not followed. */
    private fun send(url: String, body: ByteArray? = null): Pair<Int, ByteArray> {
        try {
            val connection = URL(url).openConnection() as HttpURLConnection
            connection.instanceFollowRedirects = false
            connection.connectTimeout = 5_000
            connection.readTimeout = 30_000
            if (body != null) {
                connection.doOutput = true // makes it a POST
                connection.setRequestProperty("Content-Type", "application/x-protobuf")
                connection.outputStream.use { it.write(body) }
            }
            val status = connection.responseCode
            val stream = if (status < 400) connection.inputStream else connection.errorStream
            return Pair(status, stream?.use { it.readBytes() } ?: ByteArray(0))
        } catch (error: IOException) {
            throw ExposureException("the server did not answer: ${error.javaClass.simpleName}")
        } catch (error: ClassCastException) {
            throw ExposureException("the server did not answer: the address is not http:// or https://")
        }
    }

    private fun <T> parsed(status: Int, parse: () -> T): T = try {
        parse()
    } catch (error: InvalidProtocolBufferException) { // a page of HTML, for example
        throw ExposureException("$status: the server did not answer with a message")
    }
}

private const val HEADER = "EK Export v1    "
private val DAY_REASONS = mapOf(
    401 to "the address is not accepted; check RETRIEVE_HMAC_KEY and this machine's clock",
    404 to "the day is not published yet, or RETRIEVAL_URL is wrong",
    410 to "the day is too long ago"
)

/** Return a code without the spaces, dashes and invisible characters of a paste. Look-alikes stay. */
fun codeOf(pasted: String): String =
    Normalizer.normalize(pasted, Normalizer.Form.NFKC).replace(Regex("[\\p{Z}\\p{Cc}\\p{Cf}\\p{Pd}\\u2212]"), "")

/** Return the key that verifies archives, of its PEM form or the base64 inside it. */
fun publicKeyOf(text: String): PublicKey = try {
    val der = Base64.getDecoder().decode(text.replace(Regex("-----.*-----|\\s"), ""))
    KeyFactory.getInstance("EC").generatePublic(X509EncodedKeySpec(der))
} catch (error: Exception) {
    throw ExposureException("EXPORT_PUBLIC_KEY is not a public key")
}

private fun bytes(value: ByteArray) = ByteString.copyFrom(value)

private fun unzip(archive: ByteArray): Map<String, ByteArray> = try {
    val zip = ZipInputStream(ByteArrayInputStream(archive))
    generateSequence { zip.nextEntry }.map { it.name to zip.readBytes() }.toMap()
} catch (error: Exception) { // for a name that is not text, one that is not an IOException
    throw ExposureException("the archive is not genuine: it is not a zip file")
}
