import LapseRules

extension AppCertificate {
    var stored: JSON { ["der": .string(Base64URL.encode(der)), "ends_at": .integer(endsAt.ticks)] }

    init?(stored: JSON) {
        guard let der = stored["der"]?.text.flatMap({ Base64URL.decode($0) }), let end = stored["ends_at"]?.wholeNumber else {
            return nil
        }
        self.init(der: der, endsAt: Timestamp(ticks: end))
    }
}
