using System.Collections.Concurrent;
using System.Globalization;
using Plue.Server.Platform;

namespace Plue.Server.Policy;

/// <summary>
/// The organization policy: the system file, which only an administrator can write, and an optional second file. Both apply, so the second can
/// only restrict further. A file that cannot be read denies everything that a policy can restrict. Each refusal is one sentence that names the file.
/// </summary>
internal sealed class ManagedPolicy
{
    private const int MaxBytes = 1024 * 1024;

    /// <summary>The precision of file times: a file that changed within it may change again with the same time.</summary>
    private static readonly TimeSpan ClockTick = TimeSpan.FromSeconds(2);

    /// <summary>No policy.</summary>
    public static readonly ManagedPolicy None = new([], []);

    private static readonly ConcurrentDictionary<string, Known> LastRead = new(StringComparer.Ordinal);

    /// <summary>The modes from least to most restrictive.</summary>
    private static readonly string[] Modes = ["edit", "ask", "plan", "read"];

    private readonly IReadOnlyList<PolicyRules> rules;

    private ManagedPolicy(IReadOnlyList<PolicyRules> rules, IReadOnlyList<PolicyProblem> problems) =>
        (this.rules, Problems) = (rules, problems);

    private sealed record Known(long Length, DateTime Modified, PolicyRules? Rules, string? Problem);

    /// <summary>The files that cannot be used.</summary>
    public IReadOnlyList<PolicyProblem> Problems { get; }

    /// <summary>The rules of each valid file.</summary>
    public IReadOnlyList<PolicyRules> Files => rules;

    public bool Exists => rules.Count > 0 || Problems.Count > 0;

    /// <summary>Gets the current policy. Called for each decision; reads a file again only after it changed.</summary>
    public static ManagedPolicy Read(PluePaths paths)
    {
        var (system, added) = (
            ReadFile(paths.Policy, isOfSystem: true),
            paths.AddedPolicy is { } path ? ReadFile(path, isOfSystem: false) : null
        );
        return system is null && added is null
            ? None
            : new ManagedPolicy(
                [.. new[] { system?.Rules, added?.Rules }.OfType<PolicyRules>()],
                [
                    .. new[] { (paths.Policy, system?.Problem), (paths.AddedPolicy ?? "", added?.Problem) }
                        .Where(file => file.Item2 is not null)
                        .Select(file => new PolicyProblem(file.Item1, file.Item2!)),
                ]
            );
    }

    /// <summary>Why everything is denied, as one sentence; null if the policy can be read.</summary>
    public string? ProblemSentence =>
        Problems is [var problem, ..]
            ? $"Your organization's policy ({problem.Path}) cannot be used, so Plue refuses everything that it can restrict. {problem.Message} Ask your administrator to correct the file."
            : null;

    /// <param name="kind">A value of <c>provider_type</c>.</param>
    /// <param name="endpoint">Null if there is none, or it is not known yet.</param>
    public string? RefusalOfProvider(string kind, Uri? endpoint) =>
        Refusal(file => file.AllowedProviders?.Contains(kind, StringComparer.Ordinal) == false, $"providers of the kind {kind}")
        ?? (endpoint is null ? null : RefusalOfEndpoint(endpoint));

    public string? RefusalOfModel(string model) =>
        Refusal(
            file => file.AllowedModels is { } allowed && !PolicyRules.MatchesAny(allowed, model),
            $"the model {HiddenCharacters.VisibleLine(model)}"
        );

    /// <summary>Returns the refusal for a request of a provider.</summary>
    public string? RefusalOfEndpoint(Uri address)
    {
        var origin = address.IsAbsoluteUri ? address.GetLeftPart(UriPartial.Authority) : "";
        return Refusal(
                file => file.AllowedEndpoints is { } allowed && !allowed.Contains(origin, StringComparer.OrdinalIgnoreCase),
                $"the endpoint {origin}"
            ) ?? RefusalOfHost(address);
    }

    /// <summary>Returns the refusal for any request of the sidecar.</summary>
    public string? RefusalOfHost(Uri address) =>
        Refusal(file => file.AllowedHosts is { } allowed && !IsHostIn(allowed, address), $"connections to {HostOf(address)}");

    /// <summary>True if a list of hosts, such as <c>api.example.com</c> or <c>*.example.com:8443</c>, contains the host of an address.</summary>
    public static bool IsHostIn(IReadOnlyList<string> hosts, Uri address)
    {
        var host = HostOf(address);
        var withPort = string.Create(CultureInfo.InvariantCulture, $"{host}:{address.Port}");
        return hosts.Any(one => IsHost(one, host) || IsHost(one, withPort));
    }

    /// <param name="address">Null for a program.</param>
    /// <param name="command">The command and its arguments; empty for an address.</param>
    /// <param name="hashOf">Returns the SHA-256 of the program's content; null if unknown. Called only if a rule has a hash.</param>
    public string? RefusalOfServer(string name, Uri? address, IReadOnlyList<string> command, Func<string?> hashOf)
    {
        bool IsAllowed(PolicyServer server) =>
            address is not null
                ? server.Url is { } url && PolicyRules.MatchesAny([url], address.AbsoluteUri)
                : server.Url is null
                    && (server.Command is null || server.Command.SequenceEqual(command, StringComparer.Ordinal))
                    && (server.Sha256 is null || server.Sha256 == hashOf());
        return Refusal(
            file => file.AllowedServers is { } allowed && !allowed.Any(IsAllowed),
            $"the MCP server {HiddenCharacters.VisibleLine(name)}"
        );
    }

    /// <param name="tool">A tool name in template notation.</param>
    public string? RefusalOfTool(string tool) =>
        Refusal(
            file =>
                (file.AllowedTools is { } allowed && !PolicyRules.MatchesAny(allowed, tool))
                || PolicyRules.MatchesAny(file.DeniedTools, tool, ignoreCase: true),
            $"the tool {HiddenCharacters.VisibleLine(tool)}"
        );

    /// <param name="mode">A value of <c>permission_mode</c>.</param>
    public string? RefusalOfMode(string mode) =>
        Refusal(file => file.AllowedModes is { } allowed && mode != Modes[^1] && !allowed.Contains(mode), $"the permission mode {mode}");

    /// <summary>Returns the mode itself or the next stricter one that is allowed. Read-only is always allowed.</summary>
    public string NarrowMode(string mode) =>
        Problems.Count > 0 ? Modes[^1] : Modes.SkipWhile(one => one != mode).First(one => one == Modes[^1] || RefusalOfMode(one) is null);

    /// <summary>Gets the strictest limit of a setting, and its file; null if there is none.</summary>
    public (PolicyLimit Limit, string Path)? LimitOf(string setting) =>
        rules
            .SelectMany(file => file.Limits.Select(limit => (Limit: limit, file.Path)))
            .Where(one => one.Limit.Setting == setting)
            .OrderBy(one => one.Limit.Max)
            .Select(one => ((PolicyLimit, string)?)one)
            .FirstOrDefault();

    /// <summary>
    /// Gets the fewest days after which chats and tasks without activity are deleted, and its file; null if they are kept. An invalid policy
    /// deletes nothing, because a deletion is not a refusal.
    /// </summary>
    public (double Days, string Path)? Retention =>
        Problems.Count > 0
            ? null
            : rules
                .Where(file => file.MaxChatDays is not null)
                .OrderBy(file => file.MaxChatDays)
                .Select(file => ((double, string)?)(file.MaxChatDays!.Value, file.Path))
                .FirstOrDefault();

    /// <summary>The settings that have limits.</summary>
    public IReadOnlyList<string> LimitedSettings => [.. rules.SelectMany(file => file.Limits).Select(limit => limit.Setting).Distinct()];

    /// <summary>Gets one sentence per file with its restrictions, and one about the deletion of old chats.</summary>
    public IReadOnlyList<string> Sentences =>
        [
            .. rules.Select(file =>
                file.Restricted.Count == 0
                    ? $"Your organization's policy ({file.Path}) restricts nothing."
                    : $"Your organization's policy ({file.Path}) restricts {string.Join(", ", file.Restricted)}."
            ),
            .. Retention is var (days, path)
                ?
                [
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"Your organization's policy ({path}) deletes chats and tasks {days} days after their last message."
                    ),
                ]
                : Array.Empty<string>(),
        ];

    private string? Refusal(Func<PolicyRules, bool> refuses, string what) =>
        ProblemSentence
        ?? (rules.FirstOrDefault(refuses) is { } file ? $"Your organization's policy ({file.Path}) does not allow {what}." : null);

    private static string HostOf(Uri address)
    {
        var host = address.IdnHost.TrimEnd('.').ToLowerInvariant();
        return host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
    }

    private static bool IsHost(string rule, string host) =>
        rule.StartsWith("*.", StringComparison.Ordinal)
            ? host.EndsWith(rule[1..], StringComparison.OrdinalIgnoreCase)
            : rule.Equals(host, StringComparison.OrdinalIgnoreCase);

    /// <returns>Null if there is no such file; for the second file, that is a problem.</returns>
    private static Known? ReadFile(string path, bool isOfSystem)
    {
        try
        {
            // Most systems have no folder for a policy, and this runs for each decision.
            if (isOfSystem && !Directory.Exists(Path.GetDirectoryName(path)))
            {
                return null;
            }

            var file = new FileInfo(path);
            if (!file.Exists)
            {
                if (isOfSystem && file.LinkTarget is null && !RegularFile.MayExist(path))
                {
                    return null;
                }

                // The file may exist in a folder that cannot be searched.
                using var handle = RegularFile.OpenHandle(path);
            }

            // The times of a link are not those of its target.
            var target = file.LinkTarget is null ? file : new FileInfo(RealPath.Of(path));
            if (LastRead.TryGetValue(path, out var known) && (known.Length, known.Modified) == (target.Length, target.LastWriteTimeUtc))
            {
                return known;
            }

            var read = ReadContent(path, target, isOfSystem);
            if (DateTime.UtcNow - target.LastWriteTimeUtc > ClockTick)
            {
                LastRead[path] = read;
            }
            return read;
        }
        catch (FileNotFoundException) when (isOfSystem)
        {
            return null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return Broken($"It cannot be read ({fault.Message.TrimEnd('.')}).");
        }
    }

    private static Known ReadContent(string path, FileInfo target, bool isOfSystem)
    {
        var (length, modified) = (target.Length, target.LastWriteTimeUtc);
        var real = RealPath.Of(path);
        using var handle = RegularFile.OpenHandle(real);
        if (isOfSystem && PolicyTrust.ProblemOf(handle, real) is { } distrust)
        {
            return Broken(distrust);
        }
        if (RegularFile.Read(handle, MaxBytes) is not { } bytes)
        {
            return Broken("It is larger than 1 MB.");
        }

        var (rules, problem) = PolicyReader.Read(path, bytes);
        return new Known(length, modified, rules, problem);
    }

    private static Known Broken(string problem) => new(-1, default, null, problem);
}

/// <param name="Message">A sentence.</param>
internal sealed record PolicyProblem(string Path, string Message);
