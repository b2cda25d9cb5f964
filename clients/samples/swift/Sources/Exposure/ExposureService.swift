// What an app needs of the protocol: claim a code, upload keys, fetch a day.
//
// The messages are generated from exposure.proto, see README.md. NaCl box is that of libsodium.
import CryptoKit
import Foundation
import Sodium
import SwiftProtobuf
import ZIPFoundation

/// Stops what the app was doing; the text is for a person, in an app to be translated.
public struct ExposureError: Error, CustomStringConvertible {
    public let description: String
}

/// What a claimed code gives. Keep it in the keychain for 15 days.
public struct ClaimedKeys {
    public let own: Box.KeyPair
    public let serverKey: [UInt8]
}

public struct ExposureService {
    private static let header = "EK Export v1    "
    private static let dayReasons = [
        401: "the address is not accepted; check RETRIEVE_HMAC_KEY and this machine's clock",
        404: "the day is not published yet, or RETRIEVAL_URL is wrong",
        410: "the day is too long ago",
    ]

    private let submission: URL
    private let retrieval: URL
    private let session: URLSession
    private let sodium = Sodium()

    public init(submission: URL, retrieval: URL) {
        self.submission = submission
        self.retrieval = retrieval
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = 30
        session = URLSession(configuration: configuration, delegate: NoRedirects(), delegateQueue: nil)
    }

    /// Exchange a code for keys. A code can be claimed once, so a lost answer needs a new code: no other try.
    public func claim(_ pasted: String) async throws -> ClaimedKeys {
        guard let own = sodium.box.keyPair() else { throw ExposureError(description: "no randomness") }
        var request = Exposure_KeyClaimRequest()
        request.oneTimeCode = Self.code(of: pasted)
        request.appPublicKey = Data(own.publicKey)
        let (status, body) = try await post("claim-key", request.serializedData())
        let answer: Exposure_KeyClaimResponse = try parsed(status, body)
        switch answer.error {
        case .temporaryBan:  // status 429, after too many wrong codes
            let minutes = answer.remainingBanDuration.seconds / 60 + 1
            throw ExposureError(description: "too many wrong codes: try again in \(minutes) minutes")
        case .invalidOneTimeCode:  // status 401
            let tries = answer.triesRemaining
            throw ExposureError(description: "the code is wrong, used or older than a day; \(tries) tries left")
        default:
            break
        }
        guard status == 200, answer.error == .none, answer.serverPublicKey.count == 32 else {
            throw ExposureError(description: "the code was not accepted: \(status), error \(answer.error)")
        }
        return ClaimedKeys(own: own, serverKey: [UInt8](answer.serverPublicKey))
    }

    /// Send at most 28 keys that have ended. The server skips those it has, so sending them again does no harm.
    public func upload(_ keys: [Exposure_TemporaryExposureKey], with claimed: ClaimedKeys) async throws {
        var plain = Exposure_Upload()
        plain.timestamp = Google_Protobuf_Timestamp(date: Date())  // the server allows an hour of difference
        plain.keys = keys
        let message = [UInt8](try plain.serializedData())
        let nonce = sodium.box.nonce()
        let box: [UInt8]? = sodium.box.seal(
            message: message, recipientPublicKey: claimed.serverKey, senderSecretKey: claimed.own.secretKey,
            nonce: nonce)
        guard let box else {
            throw ExposureError(description: "the server's public key protects nothing; do not upload")
        }
        var request = Exposure_EncryptedUploadRequest()
        request.serverPublicKey = Data(claimed.serverKey)
        request.appPublicKey = Data(claimed.own.publicKey)
        request.nonce = Data(nonce)
        request.payload = Data(box)
        let (status, body) = try await post("upload", request.serializedData())
        let answer: Exposure_EncryptedUploadResponse = try parsed(status, body)
        guard status == 200, answer.hasError, answer.error == .none else {
            throw ExposureError(description: "the keys were not accepted: \(status), error \(answer.error)")
        }
    }

    /// Return the verified keys of a UTC day. On a phone, pass the zip file to the operating system instead.
    public func fetch(day: Int, macKey: Data, publicKey: P256.Signing.PublicKey) async throws
        -> Exposure_TemporaryExposureKeyExport
    {
        let period = String(format: "%05d", day)
        // The MAC covers the day and the hour, so it is made just before the request.
        let text = "302:\(period):\(Int(Date().timeIntervalSince1970) / 3_600)"
        let mac = HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: SymmetricKey(data: macKey))
        let code = mac.map { String(format: "%02x", $0) }.joined()
        let url = retrieval.appendingPathComponent("retrieve/302/\(period)/\(code)")
        let (status, body) = try await send(URLRequest(url: url))
        guard status == 200 else {
            let reason = Self.dayReasons[status] ?? "the server has a problem; try again later"
            throw ExposureError(description: "\(status): \(reason)")
        }
        do {
            let archive = try Archive(data: body, accessMode: .read)
            let export = try Self.content(of: "export.bin", in: archive)
            let list = try Exposure_TEKSignatureList(serializedBytes: try Self.content(of: "export.sig", in: archive))
            guard list.signatures.count == 1 else { throw ExposureError(description: "it has no signature") }
            let signature = try P256.Signing.ECDSASignature(derRepresentation: list.signatures[0].signature)
            // The signature is over the whole file, its header included.
            guard publicKey.isValidSignature(signature, for: export) else {
                throw ExposureError(description: "the signature is wrong")
            }
            return try Exposure_TemporaryExposureKeyExport(serializedBytes: export.dropFirst(Self.header.utf8.count))
        } catch {
            throw ExposureError(description: "the archive is not genuine: \(error)")
        }
    }

    /// Return a code without the spaces, dashes and invisible characters of a paste. Look-alikes stay.
    public static func code(of pasted: String) -> String {
        let dropped: Set<Unicode.GeneralCategory> = [
            .spaceSeparator, .lineSeparator, .paragraphSeparator, .control, .format, .dashPunctuation,
        ]
        let plain = pasted.precomposedStringWithCompatibilityMapping.unicodeScalars
        let kept = plain.filter { !dropped.contains($0.properties.generalCategory) && $0 != "\u{2212}" }
        return String(String.UnicodeScalarView(kept))
    }

    private static func content(of name: String, in archive: Archive) throws -> Data {
        guard let entry = archive[name] else { throw ExposureError(description: "it has no \(name)") }
        var content = Data()
        _ = try archive.extract(entry) { content.append($0) }
        return content
    }

    private func post(_ path: String, _ body: Data) async throws -> (Int, Data) {
        var request = URLRequest(url: submission.appendingPathComponent(path))
        request.httpMethod = "POST"
        request.httpBody = body
        request.setValue("application/x-protobuf", forHTTPHeaderField: "Content-Type")
        return try await send(request)
    }

    private func send(_ request: URLRequest) async throws -> (Int, Data) {
        do {
            let (body, response) = try await session.data(for: request)
            return ((response as? HTTPURLResponse)?.statusCode ?? 0, body)
        } catch let error as URLError {
            throw ExposureError(description: "the server did not answer: \(error.localizedDescription)")
        }
    }

    private func parsed<T: SwiftProtobuf.Message>(_ status: Int, _ body: Data) throws -> T {
        do {
            return try T(serializedBytes: body)
        } catch {  // a page of HTML, for example
            throw ExposureError(description: "\(status): the server did not answer with a message")
        }
    }
}

/// Redirects are not part of the protocol: a POST would become a GET.
private final class NoRedirects: NSObject, URLSessionTaskDelegate {
    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest
    ) async -> URLRequest? {
        nil
    }
}
