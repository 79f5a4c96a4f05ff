using System.Runtime.CompilerServices;

namespace Plue.Server.Tests.Testing;

/// <summary>The repository in which the tests run.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>Compares a committed file with its expected content; <c>UPDATE=1</c> rewrites it.</summary>
    public static void CheckFile(string relativePath, string expected)
    {
        var path = Path.Combine(Root, relativePath);
        if (Environment.GetEnvironmentVariable("UPDATE") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using var stream = new FileStream(path, FileMode.Create);
            stream.Write(System.Text.Encoding.UTF8.GetBytes(expected));
            return;
        }

        var actual = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "";
        Assert.True(expected == actual, $"{relativePath} is stale. Run `npm run update` and review the difference.");
    }

    public static string Read(string relativePath) => File.ReadAllText(Path.Combine(Root, relativePath));

    /// <summary>Gets the files in the repository that match a pattern, without generated ones.</summary>
    public static IEnumerable<(string Path, string Text)> Files(string folder, string pattern) =>
        Directory
            .EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal))
            .Select(path => (path, Read(path)));

    private static string FindRoot([CallerFilePath] string here = "")
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "plue-vscode.sln")))
            {
                return directory.FullName;
            }
        }

        return Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../.."));
    }
}
