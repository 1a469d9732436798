import LapseRules

/// The labs that come along: the files of `Labs`, in the order in which they are listed.
package enum BuiltInLabs {
    private static let files = [
        PackageResources.lost_laptop_yaml, PackageResources.off_boarding_yaml, PackageResources.password_reset_yaml,
        PackageResources.three_regions_yaml, PackageResources.cae_yaml, PackageResources.stolen_token_yaml,
        PackageResources.spa_day_yaml, PackageResources.agent_at_night_yaml,
    ]

    /// Read when somebody asks for them, which most runs never do.
    private static let read = Result { try files.map { try LabScript(YAML.read(String(decoding: $0, as: UTF8.self))) } }

    @Sendable package static func all() throws -> [LabScript] { try read.get() }
}
