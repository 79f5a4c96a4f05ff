using Microsoft.Extensions.Logging;
using Plue.Server.Modules;
using Plue.Server.Platform;

namespace Plue.Server.Tests.Testing;

/// <summary>A temporary home folder with the real services, and files for it.</summary>
internal sealed class PlueHome : IAsyncDisposable
{
    private readonly List<Services> opened = [];

    public PlueHome() => Services = Open();

    public string Folder { get; } = Directory.CreateTempSubdirectory("plue-home-").FullName;
    public PluePaths Paths => new(Folder);
    public Services Services { get; }

    /// <summary>Opens the same home like another process.</summary>
    public Services Open()
    {
        var services = new Services(LogLevel.Warning, new PluePaths(Folder));
        opened.Add(services);
        return services;
    }

    /// <summary>Opens it like a command.</summary>
    public Services Open(string? workspace)
    {
        var services = Open();
        services.Platform.Trust(workspace);
        return services;
    }

    /// <summary>Writes a file and returns its path.</summary>
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
