import GRDB
import LapseRules

// The labs that tenants play.
extension StoreTransaction {
    /// The lab that the tenant plays; nil: none.
    package func labRun(of tenant: GUID) throws -> LabRun? {
        try row("SELECT * FROM lab_runs WHERE tenant = ?", [tenant]).map { row in
            let script = try LabScript(row.decode(forColumn: "definition"))
            let isChanged: Bool = row["is_changed"]
            let language: String = row["language"]
            guard let language = LabScript.Language(rawValue: language) else {
                throw FieldError("language", "is not as Lapse writes it")
            }
            return LabRun(
                of: isChanged ? script.changed : script, in: language, isChanged: isChanged, start: row["started_at"],
                signIns: try LabRun.signIns(stored: row.decode(forColumn: "sign_ins")),
                predictions: try LabRun.predictions(stored: row.decode(forColumn: "predictions")),
                outcomes: try LabRun.outcomes(stored: row.decode(forColumn: "outcomes")), played: row["played"])
        }
    }

    /// Puts the run in place of the one that the tenant had.
    package func put(_ run: LabRun, of tenant: GUID) throws {
        try self.run(
            """
            INSERT OR REPLACE INTO lab_runs
                (tenant, definition, language, is_changed, started_at, sign_ins, predictions, outcomes, played)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                tenant, run.script.definition, run.language.rawValue, run.isChanged, run.start, LabRun.stored(run.signIns),
                LabRun.stored(run.predictions), LabRun.stored(run.outcomes), run.played,
            ])
    }
}
