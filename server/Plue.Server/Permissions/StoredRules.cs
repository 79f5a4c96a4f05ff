using System.Text.Json;
using System.Text.Json.Serialization;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Permissions;

/// <param name="Rule">Matches exactly this command, file, address or tool; <c>*</c> is literal.</param>
/// <param name="Folder">The real path of the workspace folder that the rule applies to.</param>
internal sealed record StoredRule(string Id, string Rule, string Folder, DateTime CreatedAt);

/// <summary>The stored permission rules, each for one folder. They are stored outside of all workspaces, and other windows write to them, too.</summary>
internal sealed class StoredRules(PluePaths paths, TimeProvider time)
{
    private const int MaxRules = 2000;
    private const int MaxBytes = 4 * 1024 * 1024;
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Gets the rules, oldest first. An unreadable file allows nothing.</summary>
    public IReadOnlyList<StoredRule> List()
    {
        try
        {
            return Read();
        }
        catch (FailureException)
        {
            return [];
        }
    }

    /// <exception cref="FailureException">Conflict, StoreReadOnly: the rule was not stored.</exception>
    public void Add(string rule, string workspace)
    {
        var folder =
            RealPath.TargetOf(workspace)
            ?? throw new FailureException(FailureKind.NotFound, $"The rule was not saved because {workspace} does not exist.");
        Change(rules =>
            rules.Any(one => one.Rule == rule && one.Folder == folder)
                ? rules
                : [.. rules.TakeLast(MaxRules - 1), new StoredRule(Ids.New("rule", time), rule, folder, time.GetUtcNow().UtcDateTime)]
        );
    }

    /// <exception cref="FailureException">NotFound: the rule no longer exists. Conflict, StoreReadOnly: it was not removed.</exception>
    public void Remove(string id) =>
        Change(rules =>
            rules.Any(one => one.Id == id)
                ? [.. rules.Where(one => one.Id != id)]
                : throw new FailureException(FailureKind.NotFound, "This rule no longer exists.")
        );

    private void Change(Func<IReadOnlyList<StoredRule>, IReadOnlyList<StoredRule>> change)
    {
        try
        {
            using var turn = FileLock.Acquire(paths.LockFile("permissions"), LockTimeout);
            DurableFile.Replace(
                paths.Rules,
                JsonSerializer.SerializeToUtf8Bytes(new StoredRuleList(change(Read())), StoredRulesContext.Default.StoredRuleList)
            );
        }
        catch (IOException fault) when (FileLock.IsHeldElsewhere(fault))
        {
            throw new FailureException(
                FailureKind.Conflict,
                "The rules were not changed because another window is writing them. Try again.",
                fault
            );
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.StoreReadOnly,
                $"The rules were not changed ({fault.Message.TrimEnd('.')}). Make {paths.Home} writable, then try again.",
                fault
            );
        }
    }

    /// <exception cref="FailureException">Conflict: the file is not a rules file; it is not changed.</exception>
    private IReadOnlyList<StoredRule> Read()
    {
        if (!RegularFile.MayExist(paths.Rules))
        {
            return [];
        }

        try
        {
            var content = RegularFile.Read(paths.Rules, MaxBytes) ?? throw new JsonException("It is too large.");
            var rules = JsonSerializer.Deserialize(content, StoredRulesContext.Default.StoredRuleList)?.Rules ?? [];
            return rules.Any(rule => rule is not { Id: not null, Rule: not null, Folder: not null })
                ? throw new JsonException("A rule is incomplete.")
                : rules;
        }
        catch (FileNotFoundException)
        {
            return [];
        }
        catch (Exception fault) when (fault is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.Conflict,
                $"{paths.Rules} cannot be read ({fault.Message.TrimEnd('.')}). Correct or remove it, then try again.",
                fault
            );
        }
    }
}

internal sealed record StoredRuleList(IReadOnlyList<StoredRule> Rules);

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true
)]
[JsonSerializable(typeof(StoredRuleList))]
internal sealed partial class StoredRulesContext : JsonSerializerContext;
