using System.Text;
using System.Text.RegularExpressions;
using Plue.Server.Codices;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Templates;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Codices;

/// <summary>What docs/providers.md shows is what Plue reads.</summary>
public sealed class ProviderDocsTests : IDisposable
{
    private static readonly string Docs = File.ReadAllText(Path.Combine(Repository.Root, "docs", "providers.md"));
    private readonly PluePaths paths = new(Directory.CreateTempSubdirectory("plue-docs-").FullName);

    public static TheoryData<string> Examples => [.. Regex.Matches(Docs, "```json5\r?\n(.*?)```", RegexOptions.Singleline).Select(match => match.Groups[1].Value)];

    public void Dispose() => Directory.Delete(paths.Home, recursive: true);

    [Theory]
    [MemberData(nameof(Examples))]
    public void An_example_is_a_provider_without_a_fault(string example)
    {
        DocumentFile.Replace(Path.Combine(paths.Providers, "example.json5"), Encoding.UTF8.GetBytes(example));
        var codex = Assert.Single(FileCodices.Providers(paths, new TemplateCatalog(paths)).List());
        Assert.Empty(codex.Problems);
    }

    [Fact]
    public void Every_kind_that_can_be_configured_has_an_example()
    {
        var shown = Regex.Matches(Docs, "provider_type: \"([a-z-]+)\"").Select(match => match.Groups[1].Value).ToHashSet();
        Assert.Equal([], ProviderKinds.All.Except(shown).Except([ProviderKinds.Tour, ProviderKinds.External]));
    }
}
