using System.Reflection;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Plue.Server.Platform;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Architecture;

/// <summary>docs/records.md against the types and paths of the code.</summary>
public partial class RecordsDocumentTests
{
    private static readonly HashSet<string> Documented =
    [
        .. Code().Matches(Repository.Read("docs/records.md")).SelectMany(match => match.Groups["code"].Value.Split('/', ' ', '"')),
    ];

    [Fact]
    public void Names_every_member_of_every_stored_record()
    {
        var stored = typeof(PluePaths)
            .Assembly.GetTypes()
            .Where(type => typeof(JsonSerializerContext).IsAssignableFrom(type))
            .Select(type => (JsonSerializerContext)type.GetProperty("Default", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!)
            .SelectMany(context =>
                typeof(PluePaths)
                    .Assembly.GetTypes()
                    .Where(type => type.Name.StartsWith("Stored", StringComparison.Ordinal) && !type.IsAbstract)
                    .Select(context.GetTypeInfo)
            )
            .OfType<System.Text.Json.Serialization.Metadata.JsonTypeInfo>()
            .ToList();
        Assert.True(stored.Count > 50, $"{stored.Count}");
        Assert.Empty(
            stored
                // Ignored members have no getter.
                .SelectMany(type =>
                    type.Properties.Where(property => property.Get is not null).Select(property => (type.Type.Name, Member: property.Name))
                )
                .Where(one => !Documented.Contains(one.Member))
                .Select(one => $"{one.Name}.{one.Member}")
                .Distinct()
        );
    }

    [Fact]
    public void Names_every_file_and_folder_of_the_home()
    {
        var paths = new PluePaths("/home");
        Assert.All(
            typeof(PluePaths)
                .GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(property => property.PropertyType == typeof(string) && property.Name != nameof(PluePaths.Home))
                .Select(property => (string?)property.GetValue(paths))
                .Where(path => path?.StartsWith(paths.Home, StringComparison.Ordinal) == true)
                .Select(path => Path.GetFileName(path)!),
            name => Assert.Contains(name, Documented)
        );
    }

    [GeneratedRegex("`(?<code>[^`\n]+)`", RegexOptions.ExplicitCapture)]
    private static partial Regex Code();
}
