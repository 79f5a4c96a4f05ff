using Plue.Server.Providers;
using Plue.Server.Tests.Providers.Bedrock;
using Plue.Server.Tests.Providers.VertexAi;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

/// <summary>From a catalog of each type to a streaming chat, using only the protocol; a stored key must never appear on the way.</summary>
public sealed class EveryKindTests
{
    private const string Key = "sk-canary-of-every-kind-1";

    public static TheoryData<string> Types => [.. CatalogTypes.KindByType.DistinctBy(known => known.Value).Select(known => known.Key)];

    [Theory]
    [MemberData(nameof(Types))]
    public async Task A_catalog_of_each_type_becomes_a_provider_that_streams(string type)
    {
        var kind = CatalogTypes.KindByType[type];
        await using var endpoint = new ScriptedEndpoint { Route = request => Answer(kind, request.Target) };
        await using var sidecar = await InMemorySidecar.StartAsync();
        await sidecar.UnlockedVaultAsync();
        var model =
            kind is ProviderKinds.Bedrock ? "us.anthropic.claude-x"
            : kind is ProviderKinds.VertexAi ? "gemini-3-flash"
            : "model-1";
        var saved = await sidecar.Client.ResultAsync(
            "catalog/save",
            new
            {
                document = new
                {
                    id = "acme",
                    name = "Acme",
                    type,
                    api_endpoint = endpoint.Url.ToString().TrimEnd('/'),
                    default_large_model_id = model,
                    default_small_model_id = model,
                    models = new[] { Model(model) },
                },
            }
        );
        Assert.Equal(kind, (string?)saved?["summary"]?["kind"]);

        await sidecar.Client.ResultAsync(
            "provider/configure",
            new
            {
                name = "Acme",
                kind,
                catalogProvider = "acme",
                endpoint = endpoint.Url.ToString(),
                fields = Fields(kind, endpoint.Url),
            }
        );
        await sidecar.Client.ResultAsync(
            "vault/store",
            new
            {
                reference = "vault://acme/api_key",
                secret = Key,
                origins = new[] { endpoint.Url.ToString() },
            }
        );
        await sidecar.Client.ResultAsync(
            "vault/store",
            new
            {
                reference = "vault://acme/service_account",
                secret = GoogleKeys.ServiceAccount(new Uri(endpoint.Url, "/token")),
                origins = new[] { endpoint.Url.ToString() },
            }
        );
        var events = await sidecar.Client.AskAsync(await sidecar.Client.CreateChatAsync("acme"), "Hi");
        var finished = events.Single(item => Kind(item) == "messageFinished")["event"]?["message"];
        Assert.True((string?)finished?["status"] == "complete", (string?)finished?["error"]?["message"]);
        Assert.Equal("Hello", Text(finished));
    }

    [Fact]
    public async Task A_stored_key_is_masked_in_questions_answers_and_files()
    {
        await using var endpoint = new ScriptedEndpoint(ChatScript.Answer("Your key is ", Key[..9], Key[9..], "."));
        await using var sidecar = await InMemorySidecar.StartAsync();
        await sidecar.UnlockedVaultAsync();
        await sidecar.Client.ResultAsync(
            "vault/store",
            new
            {
                reference = "vault://a/b",
                secret = Key,
                origins = new[] { "https://a.example" },
            }
        );
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        var uri = await sidecar.Client.CreateChatAsync();
        var events = await sidecar.Client.AskAsync(uri, $"Is {Key} my key?");
        Assert.Equal(["Is *** my key?", "Your key is ***."], Texts(await sidecar.Client.ResultAsync("codex/get", new { uri })));
        Assert.DoesNotContain("canary", string.Concat(events.Select(item => item.ToJsonString())));
        Assert.DoesNotContain("canary", (await endpoint.NextRequestAsync()).Body);
        var files = Directory
            .EnumerateFiles(sidecar.Home, "*", SearchOption.AllDirectories)
            .Where(file => !file.EndsWith(".lock", StringComparison.Ordinal));
        Assert.DoesNotContain(files, file => File.ReadAllText(file).Contains("canary", StringComparison.Ordinal));
    }

    [Fact]
    public async Task With_masking_disabled_nothing_is_masked()
    {
        await using var endpoint = new ScriptedEndpoint(ChatScript.Answer(Key));
        await using var sidecar = await InMemorySidecar.StartAsync();
        await sidecar.UnlockedVaultAsync();
        await sidecar.Client.ResultAsync("settings/set", new { name = "mask_secrets", value = false });
        await sidecar.Client.ResultAsync(
            "vault/store",
            new
            {
                reference = "vault://a/b",
                secret = Key,
                origins = new[] { "https://a.example" },
            }
        );
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        var uri = await sidecar.Client.CreateChatAsync();
        await sidecar.Client.AskAsync(uri, "Which?");
        Assert.Equal(Key, Texts(await sidecar.Client.ResultAsync("codex/get", new { uri })).Last());
    }

    private static object Model(string id) =>
        new
        {
            id,
            name = id,
            cost_per_1m_in = 1,
            cost_per_1m_out = 2,
            cost_per_1m_in_cached = 0,
            cost_per_1m_out_cached = 0,
            context_window = 100_000,
            default_max_tokens = 1000,
            can_reason = false,
            supports_attachments = false,
        };

    private static Dictionary<string, object> Fields(string kind, Uri endpoint) =>
        kind switch
        {
            ProviderKinds.Bedrock => new()
            {
                ["auth_type"] = "api_key",
                ["api_key_ref"] = "vault://acme/api_key",
                ["additional_auth"] = new { region = "us-east-1" },
            },
            ProviderKinds.VertexAi => new()
            {
                ["additional_auth"] = new
                {
                    project = "p",
                    location = "global",
                    credentials = "vault://acme/service_account",
                },
            },
            ProviderKinds.Ollama => [],
            _ => new() { ["api_key_ref"] = "vault://acme/api_key", ["retry_policy"] = "none" },
        };

    private static ScriptedAnswer Answer(string kind, string target)
    {
        if (target.EndsWith("/token", StringComparison.Ordinal))
        {
            return ScriptedAnswer.Json("{\"access_token\":\"t\",\"expires_in\":3599,\"token_type\":\"Bearer\"}");
        }
        if (target == "/api/show")
        {
            return ScriptedAnswer.Json("{}");
        }

        return kind switch
        {
            ProviderKinds.Anthropic => ScriptedAnswer.Events().Send(string.Concat(Anthropic.Select(json => $"data: {json}\n\n"))),
            ProviderKinds.Bedrock => ScriptedAnswer.Frames().Send(string.Concat(Anthropic.Select(Frames.Chunk))),
            ProviderKinds.OpenAi => ScriptedAnswer.Events().Send(Responses),
            ProviderKinds.Gemini or ProviderKinds.VertexAi => ScriptedAnswer
                .Events()
                .Send(
                    "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Hello\"}]},\"finishReason\":\"STOP\"}]}\n\n"
                ),
            ProviderKinds.Ollama => ScriptedAnswer
                .JsonLines()
                .Send(
                    "{\"message\":{\"role\":\"assistant\",\"content\":\"Hello\"},\"done\":false}\n{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\"}\n"
                ),
            _ => ChatScript.Answer("Hel", "lo"),
        };
    }

    private static readonly string[] Anthropic =
    [
        """{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"model-1","content":[],"usage":{"input_tokens":3,"output_tokens":1}}}""",
        """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""",
        """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}""",
        """{"type":"content_block_stop","index":0}""",
        """{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}""",
        """{"type":"message_stop"}""",
    ];

    private const string Responses =
        "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"r\",\"model\":\"model-1\"}}\n\n"
        + "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"item_id\":\"m\",\"output_index\":0,\"content_index\":0,\"delta\":\"Hello\"}\n\n"
        + "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"model\":\"model-1\",\"output\":[{\"type\":\"message\"}],\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n";
}
