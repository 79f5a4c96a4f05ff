using System.Globalization;
using System.Text.RegularExpressions;
using Plue.Server.Json5;
using Plue.Server.Platform;

namespace Plue.Server.Policy;

/// <summary>Parses the rules of a policy file. An unknown key is an error, because it would otherwise silently restrict nothing.</summary>
internal sealed partial class PolicyReader
{
    private const int MaxEntries = 1000;
    private const string MaxChatDaysKey = "max_chat_days";
    private const string TrashDaysSetting = "trash_days";

    /// <summary>The limit of <c>trash_days</c> if chats are deleted by age: without one, the trash could keep them forever.</summary>
    private const int DefaultMaxTrashDays = 30;

    /// <summary>The limit of the settings in days, too.</summary>
    private const int MaxDays = 36_500;

    private static readonly string[] Modes = ["ask", "edit", "plan", "read"];

    private static readonly Dictionary<string, string> MaxSettings = new(StringComparer.Ordinal)
    {
        ["max_usd_per_day"] = "budget_usd_per_day",
        ["max_usd_per_chat"] = "budget_usd_per_chat",
        ["max_completions_usd_per_day"] = "completions_usd_per_day",
        ["max_trash_days"] = TrashDaysSetting,
    };

    private static readonly string[] SwitchSettings = ["commands_network", "catalog_refresh", "claude_code_hooks", "telemetry_content"];

    private readonly List<string> problems = [];

    /// <summary>All keys of a policy.</summary>
    public static IReadOnlyList<string> Keys { get; } =
    [
        "allowed_providers",
        "allowed_models",
        "allowed_endpoints",
        "allowed_mcp_servers",
        "allowed_tools",
        "denied_tools",
        "allowed_permission_modes",
        "allowed_hosts",
        .. MaxSettings.Keys,
        MaxChatDaysKey,
        .. SwitchSettings,
    ];

    /// <returns>The rules, or the first problem with its line.</returns>
    public static (PolicyRules? Rules, string? Problem) Read(string path, ReadOnlySpan<byte> bytes)
    {
        var document = Json5Reader.Read(bytes);
        if (document.Errors is [var error, ..])
        {
            return (null, At(error.Span, error.Message));
        }
        if (document.Root is not Json5Object root)
        {
            return (null, "The file must contain an object.");
        }

        var reader = new PolicyReader();
        var rules = reader.ReadRules(path, root);
        return reader.problems is [var first, ..] ? (null, first) : (rules, null);
    }

    private PolicyRules ReadRules(string path, Json5Object root)
    {
        var rules = new PolicyRules(path);
        List<PolicyLimit> limits = [];
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (var (name, value, span) in root.Members)
        {
            if (!seen.Add(name))
            {
                Report(span, $"`{name}` is there twice.");
            }
            else if (MaxSettings.TryGetValue(name, out var setting))
            {
                if (value is Json5Number { Value: >= 0 and < 1e15 } number)
                {
                    limits.Add(new PolicyLimit(setting, number.Value));
                }
                else
                {
                    Report(value.Span, $"`{name}` must be a number of 0 or more.");
                }
            }
            else if (SwitchSettings.Contains(name))
            {
                if (value is Json5Boolean { Value: false })
                {
                    limits.Add(new PolicyLimit(name, null));
                }
                else if (value is not Json5Boolean)
                {
                    Report(value.Span, $"`{name}` must be true or false.");
                }
            }
            else
            {
                rules = name switch
                {
                    "allowed_providers" => rules with { AllowedProviders = Texts(name, value) },
                    "allowed_models" => rules with { AllowedModels = Texts(name, value) },
                    "allowed_endpoints" => rules with { AllowedEndpoints = Texts(name, value, OriginOf) },
                    "allowed_mcp_servers" => rules with { AllowedServers = Servers(value) },
                    "allowed_tools" => rules with { AllowedTools = Texts(name, value) },
                    "denied_tools" => rules with { DeniedTools = Texts(name, value) },
                    "allowed_permission_modes" => rules with { AllowedModes = Texts(name, value, ModeOf) },
                    "allowed_hosts" => rules with { AllowedHosts = Texts(name, value, HostOf) },
                    MaxChatDaysKey => rules with { MaxChatDays = Days(value) },
                    _ => Unknown(rules, name, span),
                };
            }
        }

        if (rules.MaxChatDays is not null && !limits.Exists(limit => limit.Setting == TrashDaysSetting))
        {
            limits.Add(new PolicyLimit(TrashDaysSetting, DefaultMaxTrashDays));
        }

        return rules with
        {
            Limits = limits,
        };
    }

    private double? Days(Json5Node value)
    {
        if (value is Json5Number { Value: >= 1 and <= MaxDays } number)
        {
            return number.Value;
        }

        Report(value.Span, string.Create(CultureInfo.InvariantCulture, $"`{MaxChatDaysKey}` must be a number from 1 to {MaxDays}."));
        return null;
    }

    private PolicyRules Unknown(PolicyRules rules, string name, Json5Span span)
    {
        Report(span, $"`{HiddenCharacters.VisibleLine(name)}` is not a key of a policy.{NearestName.Hint(name, Keys)}");
        return rules;
    }

    /// <param name="valid">Returns the normalized text; null if it is invalid.</param>
    private List<string> Texts(string name, Json5Node value, Func<string, string?>? valid = null)
    {
        List<string> texts = [];
        foreach (var item in Items(name, value))
        {
            if (item is Json5String { Value.Length: > 0 } text && (valid is null ? text.Value : valid(text.Value)) is { } found)
            {
                texts.Add(found);
            }
            else
            {
                Report(item.Span, $"`{name}` has an invalid entry.");
            }
        }

        return texts;
    }

    private List<PolicyServer> Servers(Json5Node value)
    {
        List<PolicyServer> servers = [];
        foreach (var item in Items("allowed_mcp_servers", value))
        {
            var entry = item as Json5Object;
            var (url, command, hash) = (entry?.GetString("url"), entry?.Find("command"), entry?.GetString("sha256"));
            if (
                entry is null
                || entry.Members.Any(member => member.Name is not ("url" or "command" or "sha256"))
                || (url is null) == (command is null && hash is null)
                || (command is not null && command is not Json5Array { Items.Count: > 0 })
                || (entry.Find("sha256") is not null && (hash is null || !Hash().IsMatch(hash)))
            )
            {
                Report(
                    item.Span,
                    "An entry of `allowed_mcp_servers` has either `url`, or `command` (a list) or `sha256` of the program, or both of these."
                );
                continue;
            }

            servers.Add(new PolicyServer(url, command is null ? null : Texts("command", command), hash?.ToLowerInvariant()));
        }

        return servers;
    }

    private IReadOnlyList<Json5Node> Items(string name, Json5Node value)
    {
        if (value is Json5Array { Items.Count: <= MaxEntries } list)
        {
            return list.Items;
        }

        Report(value.Span, $"`{name}` must be a list of at most {MaxEntries} entries.");
        return [];
    }

    private static string? OriginOf(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address)
        && address.Scheme is "http" or "https"
        && address is { PathAndQuery: "/", UserInfo: "" }
            ? address.GetLeftPart(UriPartial.Authority)
            : null;

    private static string? ModeOf(string text) => Modes.Contains(text) ? text : null;

    private static string? HostOf(string text) => Hosts().IsMatch(text) ? text.ToLowerInvariant() : null;

    private void Report(Json5Span span, string message) => problems.Add(At(span, message));

    private static string At(Json5Span span, string message) =>
        string.Create(CultureInfo.InvariantCulture, $"Line {span.Line}, column {span.Column}: {message}");

    [GeneratedRegex("^[0-9a-fA-F]{64}$")]
    private static partial Regex Hash();

    /// <summary>Matches a host name, an address, or a domain after <c>*.</c>, each with an optional port.</summary>
    [GeneratedRegex(@"^(\*\.)?(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?$")]
    private static partial Regex Hosts();
}
