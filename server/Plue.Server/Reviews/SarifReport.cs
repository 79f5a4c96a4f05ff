using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Plue.Server.Platform;

namespace Plue.Server.Reviews;

/// <summary>Writes a review as SARIF 2.1.0, which code scanning services read.</summary>
internal static class SarifReport
{
    private const string Rule = "review-finding";
    private const string Root = "SRCROOT";

    public static string Of(StoredReview review)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, PlainJson.Writing))
        {
            json.WriteStartObject();
            json.WriteString("$schema"u8, "https://json.schemastore.org/sarif-2.1.0.json"u8);
            json.WriteString("version"u8, "2.1.0"u8);
            json.WriteStartArray("runs"u8);
            json.WriteStartObject();
            WriteTool(json);
            json.WriteString("columnKind"u8, "utf16CodeUnits"u8);
            WriteInvocation(json, review);
            json.WriteStartArray("results"u8);
            foreach (var finding in review.Shown)
            {
                Write(json, finding);
            }

            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static void WriteTool(Utf8JsonWriter json)
    {
        json.WriteStartObject("tool"u8);
        json.WriteStartObject("driver"u8);
        json.WriteString("name"u8, "Plue"u8);
        json.WriteString("version"u8, PlatformServices.Version);
        json.WriteStartArray("rules"u8);
        json.WriteStartObject();
        json.WriteString("id"u8, Rule);
        WriteText(json, "shortDescription"u8, "A problem that a model found in changes");
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Says whether everything was reviewed, with the reasons.</summary>
    private static void WriteInvocation(Utf8JsonWriter json, StoredReview review)
    {
        json.WriteStartArray("invocations"u8);
        json.WriteStartObject();
        json.WriteBoolean("executionSuccessful"u8, review.IsComplete);
        json.WriteStartArray("toolExecutionNotifications"u8);
        foreach (var omission in review.Omitted)
        {
            json.WriteStartObject();
            json.WriteString("level"u8, omission.IsLimit ? "warning"u8 : "note"u8);
            WriteText(json, "message"u8, $"{omission.Path} {omission.Reason}");
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, StoredFinding finding)
    {
        json.WriteStartObject();
        json.WriteString("ruleId"u8, Rule);
        json.WriteNumber("ruleIndex"u8, 0);
        json.WriteString("level"u8, NameOf(finding.Severity));
        WriteText(json, "message"u8, $"{finding.Title}\n\n{finding.Reason}");
        json.WriteStartArray("locations"u8);
        json.WriteStartObject();
        json.WriteStartObject("physicalLocation"u8);
        WriteFile(json, finding.File);
        WriteLines(json, "region"u8, finding.Line, finding.EndLine);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteStartObject("partialFingerprints"u8);
        // The title differs from run to run.
        json.WriteString(
            "plueLine/v1"u8,
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{finding.File}\n{finding.LineText.Trim()}")))
        );
        json.WriteEndObject();
        if (finding.Fix is { } fix)
        {
            WriteFix(json, finding.File, fix);
        }

        json.WriteEndObject();
    }

    private static void WriteFix(Utf8JsonWriter json, string file, StoredFix fix)
    {
        json.WriteStartArray("fixes"u8);
        json.WriteStartObject();
        json.WriteStartArray("artifactChanges"u8);
        json.WriteStartObject();
        WriteFile(json, file);
        json.WriteStartArray("replacements"u8);
        json.WriteStartObject();
        // Up to the start of the next line, so that the whole lines are replaced.
        json.WriteStartObject("deletedRegion"u8);
        json.WriteNumber("startLine"u8, fix.From);
        json.WriteNumber("startColumn"u8, 1);
        json.WriteNumber("endLine"u8, fix.To + 1);
        json.WriteNumber("endColumn"u8, 1);
        json.WriteEndObject();
        WriteText(json, "insertedContent"u8, fix.After.Length == 0 ? "" : fix.After + "\n");
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteFile(Utf8JsonWriter json, string path)
    {
        json.WriteStartObject("artifactLocation"u8);
        json.WriteString("uri"u8, string.Join('/', path.Split('/').Select(Uri.EscapeDataString)));
        json.WriteString("uriBaseId"u8, Root);
        json.WriteEndObject();
    }

    private static void WriteLines(Utf8JsonWriter json, ReadOnlySpan<byte> name, int from, int to)
    {
        json.WriteStartObject(name);
        json.WriteNumber("startLine"u8, from);
        json.WriteNumber("endLine"u8, to);
        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, ReadOnlySpan<byte> name, string text)
    {
        json.WriteStartObject(name);
        json.WriteString("text"u8, text);
        json.WriteEndObject();
    }

    /// <summary>Gets the name of a severity, which is also the level of SARIF.</summary>
    public static string NameOf(FindingSeverity severity) =>
        severity switch
        {
            FindingSeverity.Error => "error",
            FindingSeverity.Warning => "warning",
            _ => "note",
        };
}
