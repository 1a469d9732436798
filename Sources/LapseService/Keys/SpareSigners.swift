import LapseRules

/// Keys that sign or are listed only while a fault says so: made when one does, gone with the process.
actor SpareSigners {
    private let now: @Sendable () -> Timestamp
    private var made: [Role: Task<TokenSigner, any Error>] = [:]

    enum Role {
        /// The key that the tenant rolls over to.
        case next
        /// The key of before the present one.
        case previous
        /// A key that no document lists by its own name.
        case stranger
    }

    init(now: @escaping @Sendable () -> Timestamp) { self.now = now }

    func signer(_ role: Role) async throws -> TokenSigner {
        let task =
            made[role]
            ?? Task { [now] in try TokenSigner(SigningKey(try LocalCertificateAuthority.makeSigningIdentity(now: now()))) }
        made[role] = task
        do { return try await task.value } catch {
            // The next one tries again.
            made[role] = nil
            throw error
        }
    }

    /// The key that tenants roll over to, if any ever did.
    var madeNext: TokenSigner? {
        get async { try? await made[.next]?.value }
    }
}

extension Authority {
    /// Checks a token that the present key or the next one signed.
    func check(_ token: String) async -> TokenSigner.Checked {
        let checked = signer.check(token)
        guard case .wrongSignature = checked, let next = await spareSigners.madeNext else { return checked }
        return next.check(token)
    }

    /// The keys document.
    ///
    /// - Parameter trouble: what a fault does to it.
    package func keys(_ trouble: FaultEffect.KeyTrouble?, issuer: String) async throws -> JSON {
        let keys: [JSON]
        switch trouble {
        case .stale: keys = [try await spareSigners.signer(.previous).key.json(issuer: issuer)]
        case .wrong: keys = [try await spareSigners.signer(.stranger).key.json(issuer: issuer, named: signer.key.id)]
        case .rolledOver:
            keys = [signer.key.json(issuer: issuer), try await spareSigners.signer(.next).key.json(issuer: issuer)]
        case .unknownKid, nil: keys = [signer.key.json(issuer: issuer)]
        }
        return ["keys": .array(keys)]
    }
}
