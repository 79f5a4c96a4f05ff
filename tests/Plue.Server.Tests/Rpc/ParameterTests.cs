using System.Text.Json.Nodes;
using Plue.Protocol;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Rpc;

public sealed class ParameterTests
{
    [Fact]
    public async Task A_request_with_a_parameter_that_does_not_fit_is_refused_with_its_path()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        List<string> wrong = [];
        foreach (var (name, defect) in Defects(ofRequests: true))
        {
            var reply = await sidecar.Client.RequestTextAsync(name, defect.Parameters);
            var isRight =
                (int?)reply["error"]?["code"] == ErrorCodes.InvalidParams
                && ((string?)reply["error"]?["message"])!.Contains($"\"{defect.Path}\"", StringComparison.Ordinal);
            if (!isRight)
            {
                wrong.Add($"{name}, {defect.What} at {defect.Path}: {defect.Parameters} → {reply.ToJsonString()}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public async Task After_a_notification_with_a_parameter_that_does_not_fit_the_next_request_is_answered()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        foreach (var (name, defect) in Defects(ofRequests: false))
        {
            await sidecar.Client.SendAsync($$"""{"jsonrpc":"2.0","method":"{{name}}","params":{{defect.Parameters}}}""");
            Assert.NotNull(await sidecar.Client.ResultAsync(Methods.VaultStatus.Name));
        }
    }

    [Theory]
    [InlineData(""), InlineData("relative"), InlineData("/a\0b")]
    public async Task A_workspace_folder_that_is_no_absolute_path_is_refused_when_the_window_starts(string workspaceFolder)
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var reply = await sidecar.Client.RequestAsync(
            Methods.Initialize.Name,
            new { initializationOptions = new { workspaceFolder, trusted = true } }
        );
        Assert.Equal(ErrorCodes.InvalidParams, (int?)reply["error"]?["code"]);
        Assert.Contains("$.initializationOptions.workspaceFolder", (string?)reply["error"]?["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Optional_parameters_may_be_missing_or_null_and_unknown_ones_are_ignored()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();

        foreach (
            var parameters in new[]
            {
                """{"collection":"chats"}""",
                """{"collection":"chats","filter":null,"limit":null}""",
                """{"collection":"chats","unknown":{"a":null}}""",
            }
        )
        {
            Assert.NotNull((await sidecar.Client.RequestTextAsync(Methods.CodexList.Name, parameters))["result"]);
        }
    }

    public static TheoryData<string> Hostile => [new string('x', 300_000), "/x\0y", "\0"];

    [Theory, MemberData(nameof(Hostile))]
    public async Task A_very_long_text_or_one_with_a_null_character_in_any_parameter_is_no_internal_error(string text)
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        List<string> wrong = [];
        foreach (var method in ParameterSamples.All.Where(method => method.IsRequest && method.Name is not ("initialize" or "shutdown")))
        {
            var reply = await sidecar.Client.RequestAsync(method.Name, Replaced(ParameterSamples.Fitting(method.Parameters), text));
            if ((int?)reply["error"]?["code"] == ErrorCodes.InternalError)
            {
                wrong.Add(method.Name);
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static IEnumerable<(string Name, ParameterSamples.Defect Defect)> Defects(bool ofRequests) =>
        ParameterSamples
            .All.Where(method => method.IsRequest == ofRequests)
            .SelectMany(method => ParameterSamples.Defects(method.Parameters).Select(defect => (method.Name, defect)));

    private static JsonNode? Replaced(JsonNode? node, string text) =>
        node switch
        {
            JsonObject members => new JsonObject(members.Select(member => KeyValuePair.Create(member.Key, Replaced(member.Value, text)))),
            JsonArray items => new JsonArray([.. items.Select(item => Replaced(item, text))]),
            JsonValue value when (value.TryGetValue(out string? content) && content == "x") => text,
            _ => node?.DeepClone(),
        };
}
