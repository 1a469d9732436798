import GRDB
import LapseRules

// The labs that tenants play.
extension StoreTransaction {
    /// The lab that the tenant plays; nil: none.
    package func labRun(of tenant: GUID) throws -> LabRun? {
        try row("SELECT * FROM lab_runs WHERE tenant = ? ORDER BY number DESC LIMIT 1", [tenant]).map(Self.labRun)
    }

    /// Those that it has played, in their order, and the one of now.
    package func labRuns(of tenant: GUID) throws -> [LabRun] {
        try rows("SELECT * FROM lab_runs WHERE tenant = ? ORDER BY number", [tenant]).map(Self.labRun)
    }

    private static func labRun(_ row: Row) throws -> LabRun {
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

    /// Begins a run, behind those that the tenant has.
    package func insert(_ run: LabRun, of tenant: GUID) throws {
        try self.run(
            """
            INSERT INTO lab_runs (tenant, number, definition, language, is_changed, started_at, sign_ins, predictions, outcomes, played)
            VALUES (?1, (SELECT ifnull(max(number), 0) + 1 FROM lab_runs WHERE tenant = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            """,
            [
                tenant, run.script.definition, run.language.rawValue, run.isChanged, run.start, LabRun.stored(run.signIns),
                LabRun.stored(run.predictions), LabRun.stored(run.outcomes), run.played,
            ])
    }

    /// Writes how far the run of now is.
    package func update(_ run: LabRun, of tenant: GUID) throws {
        try self.run(
            """
            UPDATE lab_runs SET predictions = ?2, outcomes = ?3, played = ?4
            WHERE tenant = ?1 AND number = (SELECT max(number) FROM lab_runs WHERE tenant = ?1)
            """, [tenant, LabRun.stored(run.predictions), LabRun.stored(run.outcomes), run.played])
    }
}
