using System.Text.Json;
using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Agents;

/// <summary>A home with an expensive model that plans and a cheap one that works, both scripted by their goal.</summary>
internal sealed class AgentsHome : IAsyncDisposable
{
    public AgentsHome()
    {
        Folder = Directory.CreateTempSubdirectory("plue-test-").FullName;
        Endpoint.Route = request =>
            request.Target.EndsWith("/models", StringComparison.Ordinal) ? Models() : Play(JsonNode.Parse(request.Body)!);
    }

    public ScriptedEndpoint Endpoint { get; } = new();

    public string Folder { get; }

    public InMemorySidecar Sidecar { get; private set; } = null!;

    public RpcClient Client => Sidecar.Client;

    /// <summary>Gets the model's next response by its request; the number of requests with this goal starts at 0.</summary>
    public Func<AskedModel, ScriptedAnswer> Script { get; set; } = _ => Answer("Done.");

    /// <param name="hasRealTools">True for Plue's tools instead of the test's.</param>
    /// <param name="time">Null for the system clock.</param>
    public static async Task<AgentsHome> StartAsync(
        TestTools? tools = null,
        string? home = null,
        bool hasRealTools = false,
        TimeProvider? time = null
    )
    {
        var made = new AgentsHome();
        home ??= Directory.CreateTempSubdirectory("plue-test-").FullName;
        // Before the sidecar, which can start tasks at once.
        Write(home, made.Endpoint.Url);
        made.Sidecar = await InMemorySidecar.StartAsync(
            home,
            folder: made.Folder,
            trusted: true,
            tools: hasRealTools ? null
                : tools is null ? []
                : [tools],
            time: time
        );
        return made;
    }

    /// <summary>Writes the providers and templates of these tests.</summary>
    public static void Write(string home, Uri endpoint)
    {
        Directory.CreateDirectory(Path.Combine(home, "catalog"));
        File.WriteAllText(
            Path.Combine(home, "catalog", "scripted.json"),
            """
            {"name":"Scripted","id":"scripted","type":"openai-compat","default_large_model_id":"large","default_small_model_id":"small","models":[
            {"id":"large","name":"Large","cost_per_1m_in":100,"cost_per_1m_out":100,"cost_per_1m_in_cached":0,"cost_per_1m_out_cached":0,"context_window":200000,"default_max_tokens":4096},
            {"id":"small","name":"Small","cost_per_1m_in":10,"cost_per_1m_out":10,"cost_per_1m_in_cached":0,"cost_per_1m_out_cached":0,"context_window":200000,"default_max_tokens":4096}]}
            """
        );
        InMemorySidecar.WriteProvider(
            home,
            "large",
            $"{{ name: 'Large', provider_type: 'openai-compatible', catalog_provider: 'scripted', endpoint: '{endpoint}v1', model: 'large', retry_policy: 'none' }}"
        );
        InMemorySidecar.WriteProvider(
            home,
            "small",
            $"{{ name: 'Small', provider_type: 'openai-compatible', catalog_provider: 'scripted', endpoint: '{endpoint}v1', model: 'small', retry_policy: 'none' }}"
        );
        WriteTemplate(
            home,
            "planner",
            "max_spawned_tasks: 5, provider_ref: 'codex://providers/large', available_tools: ['read', 'spawn_task'], permissions: { deny: ['spawn_task(planner)'] }, budget: { usd: 1, rounds: 40 }"
        );
        WriteTemplate(
            home,
            "worker",
            "provider_ref: 'codex://providers/small', available_tools: ['read', 'write', 'bash'], budget: { usd: 0.5, rounds: 20 }, fields: [{ name: 'permission_mode', default: 'edit' }]"
        );
    }

    public static void WriteTemplate(string home, string id, string fields)
    {
        Directory.CreateDirectory(Path.Combine(home, "templates"));
        File.WriteAllText(
            Path.Combine(home, "templates", id + ".json5"),
            $"{{ id: '{id}', name: '{id}', version: '1.0.0', parent_template: 'task', {fields} }}"
        );
    }

    public void WriteTemplate(string id, string fields) => WriteTemplate(Sidecar.Home, id, fields);

    public async Task<string> SpawnAsync(string template, string goal, object? budget = null) =>
        (string)
            (
                await Client.ResultAsync(
                    "task/spawn",
                    new
                    {
                        templateId = template,
                        goal,
                        budget,
                    }
                )
            )!["uri"]!;

    /// <summary>Waits until a task has one of these statuses.</summary>
    public async Task<JsonNode> StatusAsync(string uri, params string[] statuses)
    {
        if (await FindAsync(task => (string?)task["uri"] == uri && statuses.Contains((string?)task["status"])) is { } now)
        {
            return now;
        }
        return (
            await Client.NextAsync(
                "task/event",
                item => (string?)item["taskId"] == uri && statuses.Contains((string?)item["task"]?["status"])
            )
        )["task"]!;
    }

    /// <summary>Waits until a task with this title has one of these statuses.</summary>
    public async Task<JsonNode> NamedAsync(string title, params string[] statuses)
    {
        if (await FindAsync(task => (string?)task["title"] == title && statuses.Contains((string?)task["status"])) is { } now)
        {
            return now;
        }
        return (
            await Client.NextAsync(
                "task/event",
                item => (string?)item["task"]?["title"] == title && statuses.Contains((string?)item["task"]?["status"])
            )
        )["task"]!;
    }

    public async Task<JsonArray> ListAsync(string? root = null) =>
        (await Client.ResultAsync("task/list", new { root }))!["tasks"]!.AsArray();

    public async Task<JsonNode> GetAsync(string uri) => (await Client.ResultAsync("task/get", new { uri }))!;

    public async Task<JsonNode> ChatAsync(string uri) => (await Client.ResultAsync("codex/get", new { uri }))!;

    /// <summary>Gets the rows of a tree.</summary>
    public static async Task<JsonArray> RowsAsync(RpcClient client, string uri) =>
        (await client.ResultAsync("task/list", new { root = uri }))!["tasks"]!.AsArray();

    /// <summary>Creates a call of spawn_task.</summary>
    public static (string Id, string Name, string Parameters) Spawn(
        string id,
        string goal,
        string template = "worker",
        object? budget = null
    ) =>
        (
            id,
            "spawn_task",
            JsonSerializer.Serialize(
                new
                {
                    template,
                    goal,
                    budget,
                }
            )
        );

    /// <summary>Creates a response that used this many tokens.</summary>
    public static ScriptedAnswer Paid(string text, int tokens) =>
        ScriptedAnswer
            .Events()
            .Send(Chunk(text))
            .Send(
                $"data: {{\"choices\":[{{\"index\":0,\"delta\":{{}},\"finish_reason\":\"stop\"}}],\"usage\":{{\"prompt_tokens\":{tokens},\"completion_tokens\":0,\"total_tokens\":{tokens}}}}}\n\ndata: [DONE]\n\n"
            );

    public async ValueTask DisposeAsync()
    {
        if (Sidecar is not null)
        {
            await Sidecar.DisposeAsync();
        }
        await Endpoint.DisposeAsync();
    }

    private async Task<JsonNode?> FindAsync(Func<JsonNode, bool> fits) => (await ListAsync()).FirstOrDefault(task => fits(task!));

    private static ScriptedAnswer Models() => ScriptedAnswer.Json("""{"data":[{"id":"large"},{"id":"small"}]}""");

    private ScriptedAnswer Play(JsonNode body)
    {
        var messages = body["messages"]!.AsArray().Where(message => (string?)message!["role"] != "system").ToList();
        return Script(
            new AskedModel(
                (string?)body["model"] ?? "",
                TextOf(messages[0]!),
                messages.Count(message => (string?)message!["role"] == "assistant"),
                TextOf(messages[^1]!),
                [.. (body["tools"]?.AsArray() ?? []).Select(tool => (string)tool!["function"]!["name"]!)],
                [.. messages.Where(message => (string?)message!["role"] == "tool").Select(message => TextOf(message!))]
            )
        );
    }

    private static string TextOf(JsonNode message) =>
        message["content"] switch
        {
            JsonArray parts => string.Concat(parts.Select(part => (string?)part?["text"])),
            JsonValue text => text.GetValue<string>(),
            _ => "",
        };
}

/// <param name="Goal">The first user message.</param>
/// <param name="Asked">The number of its previous responses.</param>
/// <param name="Last">The last user message.</param>
/// <param name="Results">The results of its calls.</param>
internal sealed record AskedModel(
    string Model,
    string Goal,
    int Asked,
    string Last,
    IReadOnlyList<string> Tools,
    IReadOnlyList<string> Results
);
