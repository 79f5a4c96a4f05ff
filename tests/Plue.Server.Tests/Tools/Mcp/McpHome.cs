using System.Collections.Concurrent;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Tests.Testing;
using Plue.Server.Tools;
using Plue.Server.Tools.Mcp;

namespace Plue.Server.Tests.Tools.Mcp;

/// <summary>A home, a trusted folder and their real servers, with secrets in memory.</summary>
internal sealed class McpHome : IAsyncDisposable
{
    public const string Canary = "canary-of-our-environment-8e1f";
    private readonly Lazy<McpServers> servers;

    public McpHome(TimeProvider? time = null, TimeSpan? startTimeout = null, TimeSpan? callTimeout = null)
    {
        Workspace.Open(Folder, trusted: true);
        var own = OwnEnvironment.Read().ToDictionary(pair => pair.Key, pair => pair.Value);
        own["PLUE_TEST_CANARY"] = Canary;
        Services = new McpServices
        {
            Paths = new PluePaths(Home),
            Workspace = Workspace,
            Secrets = Secrets,
            Mask = text => text,
            Time = time ?? TimeProvider.System,
            Environment = own,
            Home = Home,
            StartTimeout = startTimeout ?? TimeSpan.FromSeconds(30),
            CallTimeout = callTimeout ?? TimeSpan.FromSeconds(60),
        };
        servers = new(() => new McpServers(Services));
    }

    public string Home { get; } = Directory.CreateTempSubdirectory("plue-mcp-").FullName;
    public string Folder { get; } = Directory.CreateTempSubdirectory("plue-folder-").FullName;
    public Workspace Workspace { get; } = new();
    public MemorySecrets Secrets { get; } = new();
    public McpServices Services { get; set; }
    public McpServers Servers => servers.Value;
    public McpTools Tools => new(Servers, Services);

    /// <summary>The file in which a malicious server records its starts.</summary>
    public string Notes => Path.Combine(Home, "notes.txt");

    public int Starts => Noted("started");

    public int Noted(string word) =>
        File.Exists(Notes) ? File.ReadAllLines(Notes).Count(line => line.StartsWith(word, StringComparison.Ordinal)) : 0;

    public static string Node { get; } =
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? "node.exe" : "node"))
            .First(File.Exists);

    public static string Script => Path.Combine(Repository.Root, "tests", "Plue.Server.Tests", "Tools", "Mcp", "hostile-server.mjs");

    /// <summary>Returns the declaration of a server with this kind of misbehavior, as JSON.</summary>
    public string Hostile(string mood = "plain", string more = "") =>
        $$"""{ "command": {{Text(Node)}}, "args": [{{Text(Script)}}, {{Text(mood)}}, {{Text(Notes)}}] {{more}} }""";

    public static string Text(string text) => $"\"{JsonEncodedText.Encode(text)}\"";

    public void WriteUser(params (string Name, string Json)[] declared) => Write(Path.Combine(Home, "mcp.json5"), declared);

    public void WriteFolder(params (string Name, string Json)[] declared) => Write(Path.Combine(Folder, ".mcp.json"), declared);

    public McpServerStatus Status(string name) => Servers.List().Servers.Single(server => server.Declaration.Name == name);

    public Task ApproveAsync(string name) => Servers.ApproveAsync(name, Status(name).Fingerprint, CancellationToken.None);

    public async Task<(IReadOnlyList<ITool> Tools, List<string> Notes)> FindAsync(params string[] names)
    {
        List<string> notes = [];
        return (await Tools.FindAsync(names, notes, CancellationToken.None), notes);
    }

    public async Task<ToolOutcome> CallAsync(
        string name,
        string json = "{}",
        IToolProgress? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        var (tools, notes) = await FindAsync(name);
        Assert.True(tools.Count == 1, string.Join(" ", notes));
        return await RunAsync(tools[0], json, progress, cancellationToken);
    }

    public async Task<ToolOutcome> RunAsync(
        ITool tool,
        string json = "{}",
        IToolProgress? progress = null,
        CancellationToken cancellationToken = default
    ) => await (await PlanAsync(tool, json)).RunAsync(progress ?? new Silence(), cancellationToken);

    public Task<PlannedCall> PlanAsync(ITool tool, string json = "{}") =>
        tool.PlanAsync(
            JsonElement.Parse(json),
            new ToolContext
            {
                CodexId = "chat",
                TurnId = "turn",
                ToolUseId = "use",
                Folders = WorkspaceFolders.Of(Folder),
                Rights = () => [],
                Seen = new SeenFiles(),
            },
            CancellationToken.None
        );

    public async Task<string> FailureAsync(string name, string json = "{}") =>
        (await Assert.ThrowsAsync<ToolFailureException>(() => CallAsync(name, json))).Message;

    public async ValueTask DisposeAsync()
    {
        if (servers.IsValueCreated)
        {
            await Servers.DisposeAsync();
        }

        Directory.Delete(Home, recursive: true);
        Directory.Delete(Folder, recursive: true);
    }

    private static void Write(string path, (string Name, string Json)[] declared)
    {
        using var stream = new FileStream(path, FileMode.Create);
        stream.Write(
            System.Text.Encoding.UTF8.GetBytes(
                $$"""{ "mcpServers": { {{string.Join(", ", declared.Select(one => $"\"{one.Name}\": {one.Json}"))}} } }"""
            )
        );
    }

    private sealed class Silence : IToolProgress
    {
        public void Report(string text) { }
    }
}

/// <summary>Stores secrets with their origins, and records access.</summary>
internal sealed class MemorySecrets : ISecretStore
{
    private readonly ConcurrentDictionary<string, (string Secret, IReadOnlyList<Uri> Origins)> kept = new();

    public ConcurrentQueue<(string Reference, Uri Origin)> Asked { get; } = new();

    public IEnumerable<string> References => kept.Keys;

    public IReadOnlyList<Uri> OriginsOf(string reference) => kept[reference].Origins;

    public ValueTask<Secret> GetAsync(string reference, Uri origin, CancellationToken cancellationToken)
    {
        Asked.Enqueue((reference, origin));
        if (!kept.TryGetValue(reference, out var found))
        {
            throw new FailureException(FailureKind.NotFound, $"No key is stored as {reference}.");
        }

        return found.Origins.Contains(origin)
            ? ValueTask.FromResult(new Secret(found.Secret))
            : throw new FailureException(FailureKind.KeyNotBoundToOrigin, $"{reference} may not go to {origin.OriginalString}.");
    }

    public ValueTask StoreAsync(string reference, string secret, IReadOnlyList<Uri> origins, CancellationToken cancellationToken)
    {
        kept[reference] = (secret, origins);
        return ValueTask.CompletedTask;
    }

    public ValueTask DeleteAsync(string reference, CancellationToken cancellationToken)
    {
        kept.TryRemove(reference, out _);
        return ValueTask.CompletedTask;
    }
}
