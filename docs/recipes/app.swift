// Signs its user in through the browser, then asks Graph again and again who that is.
// Over plain HTTP: URLSession on Linux trusts the system's certificates, and no variable adds another.
import Foundation
#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

let environment = ProcessInfo.processInfo.environment
let server = environment["LAPSE_HTTP"]!
let authority = "\(server)/\(environment["LAPSE_TENANT"]!)/oauth2/v2.0"
let ready = #"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#  // this app understands claims challenges
var claims = ready

/// A lost answer or a failing server says nothing about the token: waits, and presents the same again.
func call(_ request: URLRequest) async throws -> (answer: HTTPURLResponse, json: [String: Any]) {
    var request = request
    request.timeoutInterval = 5  // The default is a minute, and URLSession on Linux waits that long for a connection that is gone.
    for pause in [1.0, 2, 4, 8, 16] {
        let result = try? await URLSession.shared.data(for: request)
        let answer = result?.1 as? HTTPURLResponse
        let json = result.flatMap { try? JSONSerialization.jsonObject(with: $0.0) as? [String: Any] }
        if let answer, let json, answer.statusCode < 429, json["error"] as? String != "temporarily_unavailable" {
            return (answer, json)
        }
        try await Task.sleep(for: .seconds(answer?.value(forHTTPHeaderField: "Retry-After").flatMap(Double.init) ?? pause))
    }
    fatalError("\(request.url!) does not answer")
}

func query(_ fields: [String: String]) -> String {
    let common = ["client_id": environment["LAPSE_CLIENT_ID"]!, "scope": "User.Read offline_access", "claims": claims]
    var components = URLComponents()
    components.queryItems = fields.merging(common) { $1 }.map { URLQueryItem(name: $0.key, value: $0.value) }
    return components.percentEncodedQuery!
}

func redeem(_ fields: [String: String]) async throws -> [String: Any] {
    var request = URLRequest(url: URL(string: "\(authority)/token")!)
    request.httpMethod = "POST"
    request.httpBody = Data(query(fields).utf8)
    return try await call(request).json
}

/// What a command of the shell prints, in which $0 stands for the argument.
func shell(_ command: String, _ argument: String) throws -> String {
    let (process, output) = (Process(), Pipe())
    (process.executableURL, process.arguments) = (URL(fileURLWithPath: "/bin/sh"), ["-c", command, argument])
    process.standardOutput = output
    try process.run()
    return String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
}

func signIn() async throws -> [String: Any] {
    let (state, verifier) = (UUID().uuidString, UUID().uuidString + UUID().uuidString)
    // Foundation has no SHA-256; with packages this is one call of swift-crypto.
    let challenge = try shell(#"printf %s "$0" | openssl dgst -sha256 -binary | base64 | tr +/ -_ | tr -d '=\n'"#, verifier)

    // Nor does it have a server: a socket of the system on a free port.
    var hints = addrinfo()
    hints.ai_socktype = 1  // SOCK_STREAM
    var found: UnsafeMutablePointer<addrinfo>!
    guard getaddrinfo("localhost", "0", &hints, &found) == 0 else { fatalError("there is no localhost") }
    let listener = socket(found.pointee.ai_family, 1, 0)
    defer { close(listener) }
    guard bind(listener, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0, listen(listener, 5) == 0,
        getsockname(listener, found.pointee.ai_addr, &found.pointee.ai_addrlen) == 0
    else { fatalError("there is no port to listen on") }
    let (high, low) = (found.pointee.ai_addr.pointee.sa_data.0, found.pointee.ai_addr.pointee.sa_data.1)
    let redirect = "http://localhost:\(Int(UInt8(bitPattern: high)) << 8 | Int(UInt8(bitPattern: low)))"

    let asked = query([
        "response_type": "code", "redirect_uri": redirect, "state": state, "code_challenge": challenge,
        "code_challenge_method": "S256",
    ])
    let browser = environment["BROWSER"]!.replacingOccurrences(of: "%s", with: #""$0" >&2"#)
    _ = try shell(browser, "\(authority)/authorize?\(asked)")
    while true {
        let connection = FileHandle(fileDescriptor: accept(listener, nil, nil), closeOnDealloc: true)
        let target = String(decoding: connection.availableData, as: UTF8.self).split(separator: " ").dropFirst().first ?? ""
        try connection.write(contentsOf: Data("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nYou may close this page.".utf8))
        let items = URLComponents(string: String(target))?.queryItems ?? []
        let answer = Dictionary(items.map { ($0.name, $0.value ?? "") }) { $1 }
        guard answer["state"] == state else { continue }  // Another visitor does not know it.
        guard let code = answer["code"] else { fatalError("nobody signed in: \(answer["error"] ?? "")") }
        return try await redeem([
            "grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier,
        ])
    }
}

setvbuf(stdout, nil, _IOLBF, 0)  // a line at a time, also into a pipe
var (tokens, ends) = ([String: Any](), Date.distantPast)
for _ in 0..<16 {
    // The tokens of `lapse check` are always about to end; elsewhere this refreshes once an hour or so.
    if ends.timeIntervalSinceNow < 300 {
        if let kept = tokens["refresh_token"] as? String {
            tokens = try await redeem(["grant_type": "refresh_token", "refresh_token": kept])
        }
        // Refused, for whatever reason: that refresh token is dead for good.
        if tokens["access_token"] == nil { tokens = try await signIn() }
        ends = Date(timeIntervalSinceNow: tokens["expires_in"] as? Double ?? 0)
        claims = ready
    }
    var request = URLRequest(url: URL(string: "\(server)/v1.0/me")!)
    request.setValue("Bearer \(tokens["access_token"] ?? "")", forHTTPHeaderField: "Authorization")
    let (answer, me) = try await call(request)
    print(answer.statusCode, me["userPrincipalName"] ?? "")
    if answer.statusCode == 401 {  // Drop the access token; ask for the next one with the claims that Graph demands.
        ends = .distantPast
        let demand = answer.value(forHTTPHeaderField: "WWW-Authenticate")?.firstMatch(of: #/claims="(.+?)"/#)?.1
        if let demand, let decoded = Data(base64Encoded: String(demand)) { claims = String(decoding: decoded, as: UTF8.self) }
    }
    try await Task.sleep(for: .milliseconds(500))
}
