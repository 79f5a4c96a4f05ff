using Microsoft.Extensions.Logging;
using Plue.Server.Platform;

namespace Plue.Server.Tests.Testing;

/// <summary>A home of its own with the real house in it, and files to put there.</summary>
internal sealed class PlueHome : IAsyncDisposable
{
    private readonly List<Composition> houses = [];

    public PlueHome() => House = Open();

    public string Folder { get; } = Directory.CreateTempSubdirectory("plue-home-").FullName;
    public PluePaths Paths => new(Folder);
    public Composition House { get; }

    /// <summary>The same home as another process sees it.</summary>
    public Composition Open()
    {
        var house = new Composition(LogLevel.Warning, new PluePaths(Folder));
        houses.Add(house);
        return house;
    }

    /// <summary>Its path.</summary>
    public string Write(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public string Read(string name) => File.ReadAllText(Path.Combine(Folder, name));

    public bool Has(string name) => File.Exists(Path.Combine(Folder, name));

    public async ValueTask DisposeAsync()
    {
        foreach (var house in houses) { await house.DisposeAsync(); }

        Directory.Delete(Folder, recursive: true);
    }
}
