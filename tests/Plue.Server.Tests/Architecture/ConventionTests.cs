using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Architecture;

/// <summary>The conventions of STYLE.md that no analyzer checks.</summary>
public partial class ConventionTests
{
    [Fact]
    public void An_empty_catch_block_has_a_comment_with_the_reason() =>
        Assert.Empty(Repository.Files("server", "*.cs").Where(file => EmptyCatch().IsMatch(file.Text)).Select(file => file.Path));

    [Theory]
    [InlineData("try { a(); } catch (IOException) { }", true)]
    [InlineData("catch (Exception fault) when (fault is IOException or (FormatException))\n{\n}", true)]
    [InlineData("try { a(); } catch (IOException) { /* Not there. */ }", false)]
    public void Only_a_comment_between_the_braces_is_a_reason(string source, bool isEmpty) =>
        Assert.Equal(isEmpty, EmptyCatch().IsMatch(source));

    /// <summary>A comment on the line or above it says why no event can be awaited. A wait without a timeout waits for an event.</summary>
    [Fact]
    public void A_test_that_waits_for_time_has_a_comment_with_the_reason()
    {
        foreach (
            var (path, text) in Repository
                .Files("tests", "*.cs")
                .Concat(Repository.Files("tests", "*.mjs"))
                .Concat(Repository.Files("tests", "*.ts"))
        )
        {
            var lines = text.Split('\n');
            for (var at = 1; at < lines.Length; at++)
            {
                Assert.False(
                    TimedWait().IsMatch(lines[at])
                        && !lines[at].Contains("//", StringComparison.Ordinal)
                        && !lines[at - 1].Contains("//", StringComparison.Ordinal),
                    $"{path}:{at + 1}"
                );
            }
        }
    }

    [Fact]
    public void Every_dependency_is_pinned_to_one_version()
    {
        var package = JsonNode.Parse(Repository.Read("package.json"))!;
        var versions = new[] { "dependencies", "devDependencies" }
            .SelectMany(kind => package[kind]!.AsObject().Select(dependency => (string?)dependency.Value ?? ""))
            .Concat(PackageVersion().Matches(Repository.Read("Directory.Packages.props")).Select(match => match.Groups["version"].Value));
        Assert.DoesNotContain(versions, version => !ExactVersion().IsMatch(version));
        Assert.Empty(
            Repository
                .Files("server", "*.csproj")
                .Concat(Repository.Files("tests", "*.csproj"))
                .Where(file => file.Text.Contains(" Version=\"", StringComparison.Ordinal))
                .Select(file => file.Path)
        );
    }

    /// <summary>The other mode, code that writes a type without its metadata, is not used with an encoder, as Plue has, and would only make the program larger.</summary>
    [Fact]
    public void Json_contexts_generate_metadata_only() =>
        Assert.All(
            Repository.Files("server", "*.cs"),
            file => Assert.Equal(JsonContext().Count(file.Text), MetadataMode().Count(file.Text))
        );

    [GeneratedRegex(@"\bcatch\s*(\([^)]*\))?\s*(when \([^{]*\))?\s*\{\s*\}")]
    private static partial Regex EmptyCatch();

    [GeneratedRegex(@"\bTask\.Delay\((?!(?:System\.Threading\.)?Timeout\.Infinite)|\.waitForTimeout\(|\bThread\.Sleep\(")]
    private static partial Regex TimedWait();

    [GeneratedRegex(@"<PackageVersion Include=""[^""]+"" Version=""(?<version>[^""]+)""", RegexOptions.ExplicitCapture)]
    private static partial Regex PackageVersion();

    [GeneratedRegex(@"\bpartial class \w+ : JsonSerializerContext")]
    private static partial Regex JsonContext();

    [GeneratedRegex(@"\bGenerationMode = JsonSourceGenerationMode\.Metadata\b")]
    private static partial Regex MetadataMode();

    [GeneratedRegex(@"^\d+\.\d+\.\d+(-[\w.]+)?$")]
    private static partial Regex ExactVersion();
}
