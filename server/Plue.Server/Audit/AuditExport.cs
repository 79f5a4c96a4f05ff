using System.Security.Cryptography;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Policy;
using Plue.Server.Store;
using Plue.Server.Transfer.Programs;

namespace Plue.Server.Audit;

/// <param name="From">The time of the first event; null for the oldest.</param>
/// <param name="To">The end, exclusive; null for the newest.</param>
/// <param name="HasContent">True if messages, arguments and results of tools are included.</param>
internal sealed record AuditRange(DateTimeOffset? From, DateTimeOffset? To, bool HasContent)
{
    public bool Has(DateTimeOffset time) => (From is not { } from || time >= from) && (To is not { } to || time < to);
}

/// <param name="Sha256">The hash of the last line.</param>
/// <param name="Unreadable">One sentence per file that could not be read; the export contains them, too.</param>
internal sealed record AuditSummary(long Lines, string Sha256, IReadOnlyList<string> Unreadable);

/// <summary>
/// Writes the events in the journals of chats and tasks, including deleted ones, the usage ledger, the recorded refusals, stored rules and imports.
/// One journal or one month is read at a time, so memory does not grow with the number of chats.
/// </summary>
internal sealed class AuditExport(
    PluePaths paths,
    ChatStore chats,
    UsageLedger usage,
    StoredRules rules,
    ImportRuns imports,
    Func<string, string> mask,
    TimeProvider time
)
{
    /// <summary>The type of the last line.</summary>
    public const string EndType = "end";

    /// <summary>One journal line becomes several lines, with hidden characters escaped.</summary>
    public const int MaxLineBytes = 6 * JournalLine.MaxBytes;
    private const int Format = 1;
    private const int MaxPolicyBytes = 1024 * 1024;

    /// <exception cref="FailureException">StoreReadOnly: a folder or the ledger cannot be read.</exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    public async Task<AuditSummary> WriteAsync(Stream output, AuditRange range, CancellationToken cancellationToken)
    {
        var writer = new AuditWriter(output, mask);
        List<string> unreadable = [];
        writer.Write("export", time.GetUtcNow(), json => WriteHeader(json, range));
        foreach (var rule in rules.List())
        {
            var created = StoredMessage.Utc(rule.CreatedAt);
            if (range.Has(created))
            {
                writer.Write("permission_rule", created, json => WriteRule(writer, json, rule));
            }
        }

        foreach (var run in imports.Runs().Where(run => range.Has(run.At)))
        {
            foreach (var entry in run.Entries)
            {
                writer.Write(
                    "import",
                    run.At,
                    json =>
                    {
                        json.WriteString("source"u8, entry.Source);
                        json.WriteString("address"u8, entry.Address);
                        json.WriteString("import"u8, run.Id);
                    }
                );
            }
        }

        WriteRefusals(writer, range);
        foreach (var (id, path, isDeleted) in chats.JournalFiles())
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                new AuditJournal(id, path, isDeleted).WriteTo(writer, range, cancellationToken);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                // The export continues, and lists the file as unreadable.
                unreadable.Add($"The journal {id} could not be read: {fault.Message}");
            }
        }

        await WriteRequestsAsync(writer, range, cancellationToken);
        writer.Write(
            EndType,
            time.GetUtcNow(),
            json =>
            {
                json.WriteNumber("lines"u8, writer.Lines);
                json.WriteStartArray("unreadable"u8);
                foreach (var sentence in unreadable)
                {
                    json.WriteStringValue(sentence);
                }
                json.WriteEndArray();
            }
        );
        return new AuditSummary(writer.Lines, writer.Sha256, unreadable);
    }

    private static void WriteRule(AuditWriter writer, Utf8JsonWriter json, StoredRule rule)
    {
        writer.Text(json, "rule", rule.Rule);
        json.WriteString("folder"u8, rule.Folder);
        json.WriteString("decided_by"u8, "user"u8);
    }

    private void WriteHeader(Utf8JsonWriter json, AuditRange range)
    {
        json.WriteNumber("format"u8, Format);
        json.WriteString("plue"u8, PlatformServices.Version);
        json.WriteString("machine"u8, Environment.MachineName);
        json.WriteString("user"u8, Environment.UserName);
        if (range.From is { } from)
        {
            json.WriteString("from"u8, from.UtcDateTime);
        }
        if (range.To is { } to)
        {
            json.WriteString("to"u8, to.UtcDateTime);
        }
        json.WriteBoolean("content"u8, range.HasContent);
        json.WriteStartArray("policies"u8);
        var policy = ManagedPolicy.Read(paths);
        foreach (
            var (path, problem) in policy
                .Files.Select(file => (file.Path, (string?)null))
                .Concat(policy.Problems.Select(broken => (broken.Path, (string?)broken.Message)))
        )
        {
            json.WriteStartObject();
            json.WriteString("path"u8, path);
            json.WriteString("sha256"u8, HashOf(path));
            json.WriteString("problem"u8, problem);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private void WriteRefusals(AuditWriter writer, AuditRange range)
    {
        foreach (var refusal in PolicyRefusals.Read(paths).Where(refusal => range.Has(refusal.Time)))
        {
            writer.Write(
                "policy_refusal",
                refusal.Time,
                json =>
                {
                    if (refusal.Codex is { } codex)
                    {
                        json.WriteString("codex"u8, codex);
                    }
                    writer.Text(json, "refusal", refusal.Sentence);
                }
            );
        }
    }

    private async Task WriteRequestsAsync(AuditWriter writer, AuditRange range, CancellationToken cancellationToken)
    {
        foreach (var month in await usage.MonthsAsync(cancellationToken))
        {
            var (from, to) = (month, month.AddMonths(1));
            if (range.To <= from || range.From >= to)
            {
                continue;
            }

            foreach (var entry in await usage.ReadAsync(from, to, cancellationToken))
            {
                if (range.Has(entry.Time))
                {
                    writer.Write("request", entry.Time, json => WriteRequest(json, entry));
                }
            }
        }
    }

    private static void WriteRequest(Utf8JsonWriter json, UsageEntry entry)
    {
        json.WriteString("chat"u8, entry.ChatId);
        json.WriteString("message"u8, entry.Id);
        json.WriteString("template"u8, entry.Template);
        json.WriteString("provider"u8, entry.ProviderId);
        json.WriteString("model"u8, entry.Model);
        json.WriteString("status"u8, entry.Status);
        json.WriteNumber("count"u8, entry.Count);
        if (entry.Usage is { } tokens)
        {
            json.WriteNumber("input_tokens"u8, tokens.InputTokens);
            json.WriteNumber("output_tokens"u8, tokens.OutputTokens);
            json.WriteNumber("cached_read_tokens"u8, tokens.CachedReadTokens);
            json.WriteNumber("cached_write_tokens"u8, tokens.CachedWriteTokens);
            json.WriteNumber("reasoning_tokens"u8, tokens.ReasoningTokens);
        }
        if (entry.Cost is { } cost)
        {
            json.WriteNumber("cost_usd"u8, cost);
        }
        if (entry.PriceSource is { } source)
        {
            json.WriteString("price_source"u8, source);
        }
        if (entry.DurationMs is { } duration)
        {
            json.WriteNumber("duration_ms"u8, Math.Round(duration, 1));
        }
    }

    private static string? HashOf(string path)
    {
        try
        {
            return RegularFile.Read(path, MaxPolicyBytes) is { } bytes ? Convert.ToHexStringLower(SHA256.HashData(bytes)) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
