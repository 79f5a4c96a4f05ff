using Plue.Protocol;
using Plue.Server.Rpc;
using Plue.Server.Templates;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Templates;

/// <summary>Starting points are valid unchanged, and under a new name.</summary>
public sealed class StartingPointTests : IAsyncDisposable
{
    private readonly PlueHome home = new();

    public ValueTask DisposeAsync() => home.DisposeAsync();

    public static TheoryData<string> Ids => [.. StartingPoint.All.Select(point => point.Id)];

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task One_becomes_a_template_without_findings_under_the_name_that_it_gets(string id)
    {
        var point = StartingPoint.All.Single(candidate => candidate.Id == id);
        var documents = DocumentHandlers.Of(home.Services, (_, _) => { });
        var made = await documents.CreateAsync(
            new CodexCreateParams("", "Own thing", null, null) { Collection = "templates", Text = point.Text },
            CancellationToken.None
        );
        Assert.Equal("codex://templates/own-thing", made.Uri);
        if (point.Prompt is { } prompt)
        {
            Assert.Equal(
                "codex://prompts/own-thing",
                (
                    await documents.CreateAsync(
                        new CodexCreateParams("markdown", "own-thing", null, null) { Collection = "prompts", Text = prompt },
                        CancellationToken.None
                    )
                ).Uri
            );
        }

        var text = home.Read("templates/own-thing.json5");
        Assert.DoesNotContain(id, text, StringComparison.Ordinal);
        Assert.Contains("// ", text, StringComparison.Ordinal);
        Assert.DoesNotContain(home.Services.Documents.Checks.Of("own-thing", null), finding => finding.Code != "reference.machine");
    }
}
