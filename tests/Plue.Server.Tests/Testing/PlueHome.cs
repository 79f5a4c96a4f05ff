using Microsoft.Extensions.Logging;
using Plue.Server.Modules;
using Plue.Server.Platform;

namespace Plue.Server.Tests.Testing;

/// <summary>A home of its own with the real services in it, and files to put there.</summary>
internal sealed class PlueHome : IAsyncDisposable
{
    private readonly List<Services> opened = [];

    public PlueHome() => Services = Open();

    public string Folder { get; } = Directory.CreateTempSubdirectory("plue-home-").FullName;
    public PluePaths Paths => new(Folder);
    public Services Services { get; }

    /// <summary>The same home as another process sees it.</summary>
    public Services Open()
    {
        var services = new Services(LogLevel.Warning, new PluePaths(Folder));
        opened.Add(services);
        return services;
    }

    /// <summary>As a command opens it.</summary>
    public Services Open(string? workspace)
    {
        var services = Open();
        services.Platform.Trust(workspace);
        return services;
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
        foreach (var services in opened)
        {
            await services.DisposeAsync();
        }

        Directory.Delete(Folder, recursive: true);
    }
}
