using System.Globalization;
using System.Text;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Policy;
using Plue.Server.Templates;

namespace Plue.Server.Codices;

/// <summary>The content of <c>config.json5</c>, validated with <see cref="SettingsSchema"/>.</summary>
internal sealed record UserConfig
{
    /// <summary>The default for new chats: a provider name or address, or <c>{provider, model}</c>.</summary>
    public const string DefaultLargeKey = "default_large";

    /// <summary>The background model, in the same form.</summary>
    public const string DefaultSmallKey = "default_small";

    /// <summary>The fallback chain, used when the chosen provider is unavailable or rate limited.</summary>
    public const string FallbacksKey = "fallbacks";

    /// <summary>The daily budget of all chats in USD; unset means no limit.</summary>
    public const string BudgetPerDayKey = "budget_usd_per_day";

    /// <summary>The budget of one chat in USD; unset means no limit.</summary>
    public const string BudgetPerChatKey = "budget_usd_per_chat";

    /// <summary>The daily budget of code completions in USD; unset means no separate limit.</summary>
    public const string CompletionsPerDayKey = "completions_usd_per_day";

    /// <summary><c>never</c>, <c>when_hidden</c> or <c>always</c>.</summary>
    public const string NotifyKey = "notify_when_finished";

    /// <summary>When nobody is notified, as <c>22:00-07:00</c> in local time.</summary>
    public const string QuietHoursKey = "quiet_hours";

    /// <summary><c>while_tasks</c> or <c>never</c>.</summary>
    public const string KeepRunningKey = "keep_running";

    /// <summary>Whether a subtask that can change files gets a worktree while another one works in its folder; unset means true.</summary>
    public const string ParallelWorktreesKey = "parallel_worktrees";

    /// <summary>Whether triggers start tasks; unset means true.</summary>
    public const string TriggersEnabledKey = "triggers_enabled";

    /// <summary>The number of days that deleted items are kept in the trash.</summary>
    public const string TrashDaysKey = "trash_days";

    /// <summary>Whether values of the vault are masked in chats.</summary>
    public const string MaskSecretsKey = "mask_secrets";

    /// <summary>Whether commands of agents may use the network.</summary>
    public const string CommandsNetworkKey = "commands_network";

    /// <summary>Patterns of guarded files that agents may change like other files.</summary>
    public const string OrdinaryFilesKey = "ordinary_files";

    /// <summary>Whether the workspace's AGENTS.md and CLAUDE.md are included in chats.</summary>
    public const string WorkspaceRulesKey = "workspace_rules";

    /// <summary>The model that checks the findings of reviews.</summary>
    public const string ReviewCheckKey = "review_check_model";

    /// <summary>The cost limit of a review of changes, in USD.</summary>
    public const string BudgetPerReviewKey = "budget_usd_per_review";

    /// <summary>Hooks that run commands in every chat and task.</summary>
    public const string HooksKey = "hooks";

    /// <summary>Whether the hooks in the user's Claude Code settings run, too.</summary>
    public const string ClaudeCodeHooksKey = "claude_code_hooks";

    /// <summary>The maximum number of tokens of the skill list in each request.</summary>
    public const string SkillListTokensKey = "skill_list_tokens";

    /// <summary>The MCP tools that all chats have: <c>SERVER/TOOL</c> or <c>SERVER/*</c>.</summary>
    public const string ChatServerToolsKey = "chat_mcp_tools";

    /// <summary>The maximum number of tokens of MCP tool definitions in each request; further tools are found on demand.</summary>
    public const string ServerToolTokensKey = "mcp_tool_tokens";

    /// <summary>A file that was changed more recently may change again without a new timestamp.</summary>
    private static readonly TimeSpan ClockTick = TimeSpan.FromSeconds(2);

    private static readonly Lock Sync = new();
    private static volatile Known? last;

    private sealed record Known(string Path, long Length, DateTime Modified, UserConfig Config);

    /// <summary>Null if not set.</summary>
    public ModelChoice? DefaultLarge { get; init; }
    public ModelChoice? DefaultSmall { get; init; }
    public ModelChoice? ReviewCheck { get; init; }
    public IReadOnlyList<ModelChoice> Fallbacks { get; init; } = [];

    /// <summary>The hooks that run commands; empty if any of them has an error.</summary>
    public IReadOnlyList<AutomationHook> Hooks { get; init; } = [];

    /// <summary>The valid values in the file, without defaults; values of the wrong type or out of range are omitted.</summary>
    public Json5Object Values { get; init; } = Json5Object.Empty;

    /// <summary>The settings whose value was replaced by a limit of the organization's policy, each with the path of the policy file.</summary>
    public IReadOnlyDictionary<string, string> Limited { get; init; } = new Dictionary<string, string>();

    /// <summary>After a syntax error, all settings have their defaults; an invalid value is ignored on its own.</summary>
    public IReadOnlyList<DocumentProblem> Problems { get; init; } = [];

    /// <summary>Returns the setting's value or its default; null if it has neither.</summary>
    public double? Number(string key) => (Value(key) as Json5Number)?.Value;

    public bool? Flag(string key) => (Value(key) as Json5Boolean)?.Value;

    public string? Text(string key) => (Value(key) as Json5String)?.Value;

    public IReadOnlyList<string> Texts(string key) =>
        [.. (Value(key) as Json5Array)?.Items.OfType<Json5String>().Select(text => text.Value) ?? []];

    /// <summary>
    /// Reads the settings; a missing file counts as empty. Unknown keys are kept and ignored. Called for each request; the file is read again after a change.
    /// Values beyond a limit of the organization's policy are replaced by the limit.
    /// </summary>
    public static UserConfig Read(PluePaths paths) => Narrowed(ReadLast(paths), ManagedPolicy.Read(paths));

    private static UserConfig Narrowed(UserConfig config, ManagedPolicy policy)
    {
        var members = config.Values.Members.ToList();
        Dictionary<string, string> limited = new(StringComparer.Ordinal);
        foreach (var setting in policy.LimitedSettings)
        {
            var (limit, path) = policy.LimitOf(setting)!.Value;
            if (IsWithin(config.Value(setting), limit))
            {
                continue;
            }

            members.RemoveAll(member => member.Name == setting);
            members.Add(new Json5Member(setting, limit.Max is { } max ? new Json5Number(max) : new Json5Boolean(false)));
            limited[setting] = path;
        }

        return limited.Count == 0
            ? config
            : config with
            {
                Values = new Json5Object(members) { Span = config.Values.Span },
                Limited = limited,
            };
    }

    /// <summary>True if the value respects the limit. An unset number is unlimited, so it does not.</summary>
    private static bool IsWithin(Json5Node? value, PolicyLimit limit) =>
        limit.Max is { } max
            ? value is Json5Number number && number.Value <= max
            : value is null or Json5Null or Json5Boolean { Value: false };

    private static UserConfig ReadLast(PluePaths paths)
    {
        var file = new FileInfo(paths.Config);
        if (!file.Exists || file.LinkTarget is not null)
        {
            return ReadFile(paths);
        }
        if (last is { } known && known.Path == paths.Config && known.Length == file.Length && known.Modified == file.LastWriteTimeUtc)
        {
            return known.Config;
        }

        var config = ReadFile(paths);
        if (DateTime.UtcNow - file.LastWriteTimeUtc > ClockTick)
        {
            last = new Known(paths.Config, file.Length, file.LastWriteTimeUtc, config);
        }
        return config;
    }

    private static UserConfig ReadFile(PluePaths paths)
    {
        var (bytes, problem) = DocumentFile.Read(paths.Config);
        if (bytes is null)
        {
            return new UserConfig { Problems = problem is null ? [] : [problem] };
        }

        var document = Json5Reader.Read(bytes);
        if (document.Root is null && document.Text.AsSpan().Trim('\uFEFF').IsWhiteSpace() && bytes.Length <= Json5Reader.MaxBytes)
        {
            return new UserConfig();
        }

        var problems = DocumentProblem.From(document).Concat(LiteralSecrets.Find(document)).ToList();
        if (!document.IsValid)
        {
            return new UserConfig { Problems = problems };
        }

        if (document.Root is not Json5Object values)
        {
            return new UserConfig
            {
                Problems = [DocumentProblem.Error("The file must contain an object.", document.Root?.Span ?? default), .. problems],
            };
        }

        var good = Followed(values, problems);
        var followed = new Json5Object(good) { Span = values.Span };
        return new UserConfig
        {
            DefaultLarge = Choice(followed.Find(DefaultLargeKey)),
            DefaultSmall = Choice(followed.Find(DefaultSmallKey)),
            ReviewCheck = Choice(followed.Find(ReviewCheckKey)),
            Fallbacks = [.. (followed.GetArray(FallbacksKey)?.Items ?? []).Select(Choice).OfType<ModelChoice>()],
            Hooks = TemplateReader.ReadHooks(new KeyReader(followed, "the settings", []), []),
            Values = followed,
            Problems = problems,
        };
    }

    /// <summary>Returns the problems of the values; an invalid value is ignored.</summary>
    internal static IReadOnlyList<DocumentProblem> ProblemsOf(Json5Object values)
    {
        List<DocumentProblem> problems = [];
        Followed(values, problems);
        return problems;
    }

    /// <returns>The members that are valid or unknown.</returns>
    private static List<Json5Member> Followed(Json5Object values, List<DocumentProblem> problems)
    {
        var good = new List<Json5Member>();
        foreach (var member in values.Members)
        {
            if (SettingsSchema.Find(member.Name) is { } field)
            {
                if (Check(field, member.Value, problems))
                {
                    good.Add(member);
                }
            }
            else
            {
                good.Add(member);
                if (NearestName.Find(member.Name, SettingsSchema.Names) is { } nearest)
                {
                    problems.Add(
                        DocumentProblem.Warning($"`{member.Name}` is not a known setting. Did you mean `{nearest}`?", member.NameSpan)
                    );
                }
            }
        }

        return good;
    }

    /// <summary>Changes one setting and preserves the rest of the file, including comments.</summary>
    /// <param name="value">Null removes it from the file.</param>
    /// <exception cref="FailureException">
    /// MissingField: an invalid value for this setting. Conflict: the file has an error. PermissionDenied: a literal secret. StoreReadOnly.
    /// </exception>
    public static UserConfig Set(PluePaths paths, string key, Json5Node? value)
    {
        if (value is not null && SettingsSchema.Find(key) is { } field)
        {
            var problems = new List<DocumentProblem>();
            Check(field, value, problems);
            if (problems.FirstOrDefault(found => found.IsError) is { } wrong)
            {
                throw new FailureException(FailureKind.MissingField, wrong.Message);
            }
        }

        if (value is not (null or Json5Null) && ManagedPolicy.Read(paths).LimitOf(key) is var (limit, policy) && !IsWithin(value, limit))
        {
            throw PolicyRefusals.Refuse(
                paths,
                TimeProvider.System,
                limit.Max is { } max
                    ? string.Create(
                        CultureInfo.InvariantCulture,
                        $"Your organization's policy ({policy}) does not allow more than {max} for {key}."
                    )
                    : $"Your organization's policy ({policy}) does not allow {key} to be on."
            );
        }

        if (value is not null && LiteralSecrets.IsIn([key], value))
        {
            throw new FailureException(FailureKind.PermissionDenied, LiteralSecrets.Message);
        }

        return Change(
            paths,
            mayCreate: value is not null,
            document =>
            {
                var text = document.Text;
                // An empty file is a JSON5 syntax error, but valid here.
                return value is not null && text.AsSpan().Trim('\uFEFF').IsWhiteSpace() ? Json5Edit.Set("", [key], value)
                    : !document.IsValid ? new Json5Edited(text, document.Errors[0])
                    : value is null ? Json5Edit.Remove(text, [key])
                    : Json5Edit.Set(text, [key], value);
            }
        );
    }

    /// <summary>Rewrites the settings file for an internal reason.</summary>
    /// <param name="rewrite">Receives the text and its parsed object.</param>
    /// <exception cref="FailureException">Conflict: the file has an error. StoreReadOnly.</exception>
    public static void Rewrite(PluePaths paths, Func<string, Json5Object, string> rewrite) =>
        Change(
            paths,
            mayCreate: false,
            document =>
                !document.IsValid
                    ? new Json5Edited(document.Text, document.Errors[0])
                    : new Json5Edited(document.Root is Json5Object values ? rewrite(document.Text, values) : document.Text)
        );

    private static UserConfig Change(PluePaths paths, bool mayCreate, Func<Json5Document, Json5Edited> edit)
    {
        lock (Sync)
        {
            using var turn = DocumentLock.Acquire(paths, "settings", "The settings were not changed");
            var (bytes, problem) = DocumentFile.Read(paths.Config);
            if (problem is not null)
            {
                throw new FailureException(FailureKind.Conflict, $"The settings were not changed. {problem.Message}");
            }

            if (bytes is null && !mayCreate)
            {
                return Read(paths);
            }

            var edited = edit(Json5Reader.Read(bytes ?? []));
            if (edited.Error is { } error)
            {
                throw new FailureException(
                    FailureKind.Conflict,
                    $"The settings were not changed because {paths.Config} has a syntax error at line {error.Span.Line}, column {error.Span.Column}: {error.Message} Open it and correct it."
                );
            }

            DocumentFile.Replace(paths.Config, Encoding.UTF8.GetBytes(edited.Text));
            return Read(paths);
        }
    }

    /// <param name="key"><see cref="DefaultLargeKey"/> or <see cref="DefaultSmallKey"/>.</param>
    /// <param name="choice">Null removes the choice.</param>
    /// <exception cref="FailureException">As for <see cref="Set"/>.</exception>
    public static UserConfig SetChoice(PluePaths paths, string key, ModelChoice? choice) =>
        Set(paths, key, choice is null ? null : ToJson5(choice));

    private static Json5Node ToJson5(ModelChoice choice)
    {
        var provider = new Json5String(CodexUri.Of(CodexCollection.Providers, choice.ProviderId).Name);
        return choice.Model is { Length: > 0 } model ? Json5Object.Of(("provider", provider), ("model", new Json5String(model))) : provider;
    }

    private Json5Node? Value(string key) => Values.Has(key) ? Values.Find(key) : SettingsSchema.Find(key)?.Default;

    /// <summary>True if the value is valid. Invalid items in a list of choices are ignored.</summary>
    private static bool Check(TemplateField field, Json5Node value, List<DocumentProblem> problems)
    {
        if (value is Json5Null)
        {
            return true;
        }

        var before = problems.Count;
        if (SettingsSchema.IsChoice(field))
        {
            CheckChoice(value, field.Name, problems);
        }
        else if (field.Items is { } item && SettingsSchema.IsChoice(item))
        {
            if (value is Json5Array list)
            {
                foreach (var choice in list.Items)
                {
                    CheckChoice(choice, field.Name, problems);
                }

                return true;
            }

            problems.Add(DocumentProblem.Error($"`{field.Name}` must be a list of providers.", value.Span));
        }
        else if (field.Name == QuietHoursKey && value is Json5String { Value: var hours } && !IsHours(hours))
        {
            problems.Add(DocumentProblem.Error($"`{QuietHoursKey}` must be two times of day, as 22:00-07:00.", value.Span));
        }
        else if (field.Name == HooksKey && value is Json5Array)
        {
            CheckHooks(value, problems);
        }
        else
        {
            TemplateValidation.CheckValue(field, value, $"`{field.Name}`", problems);
        }

        return problems.Count == before;
    }

    private static bool IsHours(string text) =>
        text.Length == 0
        || (
            text.Split('-', StringSplitOptions.TrimEntries) is { Length: 2 } times
            && times.All(time => TimeOnly.TryParseExact(time, ["HH:mm", "H:mm"], CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
        );

    /// <summary>Reports hooks that do not run a command: without a codex, there are no fields that other actions could change.</summary>
    private static void CheckHooks(Json5Node value, List<DocumentProblem> problems)
    {
        foreach (var hook in TemplateReader.ReadHooks(new KeyReader(Json5Object.Of((HooksKey, value)), "the settings", problems), problems))
        {
            if (hook.Action is not HookAction.RunCommand)
            {
                problems.Add(
                    DocumentProblem.Error(
                        "A hook in the settings runs a command. Use the action run_command.",
                        hook.Source.Find("action")!.Span
                    )
                );
            }
        }
    }

    private static void CheckChoice(Json5Node value, string key, List<DocumentProblem> problems)
    {
        if (Choice(value) is null)
        {
            problems.Add(DocumentProblem.Error($"`{key}` is not the name of a provider.", value.Span));
        }
        else if (value is Json5Object choice && choice.Find("model") is not (null or Json5Null or Json5String))
        {
            problems.Add(DocumentProblem.Error($"The `model` of `{key}` is not text.", choice.Find("model")!.Span));
        }
    }

    private static ModelChoice? Choice(Json5Node? value)
    {
        var (text, model) = value is Json5Object choice
            ? (choice.GetString("provider"), choice.GetString("model"))
            : ((value as Json5String)?.Value, null);
        return (
            CodexUri.TryParse(text, out var uri)
                ? uri.Collection == CodexCollection.Providers
                : CodexUri.TryOf(CodexCollection.Providers, text, out uri)
        )
            ? new ModelChoice(uri.Name, string.IsNullOrWhiteSpace(model) ? null : model)
            : null;
    }
}
