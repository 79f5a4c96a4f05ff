using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Providers.External;

/// <summary>A program that can be used as a provider.</summary>
/// <param name="Path">An absolute path.</param>
/// <param name="Sha256">The hash of its content in lowercase hex.</param>
/// <param name="IsApproved">True if this path with this content is approved.</param>
/// <param name="ChangedSinceApproval">True if the path was approved with other content.</param>
internal sealed record ExternalProgram(string Path, string Sha256, bool IsApproved, bool ChangedSinceApproval)
{
    /// <summary>The origin to which its secrets are bound: this path with this content.</summary>
    public Uri Origin
    {
        get
        {
            var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Path}\0{Sha256}")));
            return new Uri($"exec://{hash[..32]}.{hash[32..]}");
        }
    }
}

/// <summary>
/// The programs that can be used as providers: those in <c>~/.plue/providers/bin</c>, <c>plue-provider-*</c> on PATH, and those named in provider files. They
/// are started only after the user approved the path and the content. Thread-safe.
/// </summary>
/// <param name="searchPath">The value of PATH; relative entries are ignored.</param>
/// <param name="openFolders">The workspace folders, whose programs are not accepted.</param>
internal sealed class ExternalPrograms(PluePaths paths, string? searchPath, Func<WorkspaceFolders?> openFolders, TimeProvider time)
{
    private const string Prefix = "plue-provider-";
    private const long MaxProgramBytes = 1024L * 1024 * 1024;
    private const int MaxPrograms = 200;

    private readonly SharedJsonFile<StoredApprovals> approvals = new(
        paths.Approvals,
        ApprovalContext.Default.StoredApprovals,
        new StoredApprovals([]),
        "The approval"
    );

    private readonly Lock sync = new();
    private readonly Dictionary<string, (long Length, DateTime Written, string Sha256)> hashes = new(StringComparer.Ordinal);

    /// <summary>Returns the programs by path, without starting any.</summary>
    /// <param name="named">Paths in provider files; missing ones are omitted.</param>
    public IReadOnlyList<ExternalProgram> List(IEnumerable<string> named)
    {
        var candidates = named
            .Where(Path.IsPathFullyQualified)
            .Concat(In(Path.Combine(paths.Providers, "bin"), "*"))
            .Concat(
                (searchPath ?? "")
                    .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
                    .Where(Path.IsPathFullyQualified)
                    .SelectMany(folder => In(folder, Prefix + "*"))
            );
        List<ExternalProgram> found = [];
        foreach (var path in candidates.Select(Path.GetFullPath).Distinct().Order(StringComparer.Ordinal).Take(MaxPrograms))
        {
            try
            {
                found.Add(Inspect(path, useCache: true));
            }
            catch (FailureException)
            { /* Not a valid program. */
            }
        }

        return found;
    }

    /// <summary>Returns the current state of a program.</summary>
    /// <exception cref="FailureException">ProviderExecutableFailed: it does not exist, or is in a folder that is not accepted.</exception>
    public ExternalProgram Inspect(string path) => Inspect(path, useCache: false);

    /// <summary>Returns the current origin of a program's secrets; null if there is no such program.</summary>
    public Uri? OriginOf(string path)
    {
        try
        {
            return Inspect(path, useCache: true).Origin;
        }
        catch (FailureException)
        {
            return null;
        }
    }

    /// <summary>Allows a program to be started as long as its content is unchanged.</summary>
    /// <exception cref="FailureException">Conflict: the content differs from what the user reviewed.</exception>
    public ExternalProgram Approve(string path, string sha256)
    {
        var program = Inspect(path);
        if (!string.Equals(program.Sha256, sha256, StringComparison.OrdinalIgnoreCase))
        {
            throw new FailureException(
                FailureKind.Conflict,
                $"{program.Path} was changed while you looked at it. Look again before you approve it."
            );
        }

        approvals.Change(stored => new StoredApprovals([
            .. (stored.Programs ?? []).Where(approval => approval.Path != program.Path),
            new StoredApproval(program.Path, program.Sha256, time.GetUtcNow().UtcDateTime),
        ]));
        return program with { IsApproved = true, ChangedSinceApproval = false };
    }

    /// <exception cref="FailureException">PermissionDenied: it is not approved.</exception>
    public ExternalProgram RequireApproved(string path)
    {
        var program = Inspect(path);
        if (program.IsApproved)
        {
            return program;
        }

        throw new FailureException(
            FailureKind.PermissionDenied,
            program.ChangedSinceApproval
                ? $"{program.Path} has changed since you approved it, so it was not started. Look at it, and approve it again in Manage Providers."
                : $"{program.Path} was not started, because you have not approved it yet. Approve it in Manage Providers."
        );
    }

    private ExternalProgram Inspect(string path, bool useCache)
    {
        if (!Path.IsPathFullyQualified(path) || path.Contains('\0'))
        {
            throw Refused(path, "is not an absolute path");
        }

        var full = Path.GetFullPath(path);
        if (WorkspaceFolders.IsInside(openFolders(), full))
        {
            throw Refused(full, "is in the workspace, and a workspace cannot provide programs");
        }

        var sha256 = HashOf(full, useCache);
        var approval = approvals.Read().Programs?.FirstOrDefault(approval => approval.Path == full);
        return new ExternalProgram(full, sha256, approval?.Sha256 == sha256, approval is not null && approval.Sha256 != sha256);
    }

    private string HashOf(string path, bool useCache)
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
            {
                throw Refused(path, "does not exist");
            }
            if (
                !OperatingSystem.IsWindows()
                && (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute))
                    == UnixFileMode.None
            )
            {
                throw Refused(path, "is not executable");
            }

            if (file.Length > MaxProgramBytes)
            {
                throw Refused(path, "is larger than 1 GiB");
            }

            lock (sync)
            {
                if (
                    useCache
                    && hashes.TryGetValue(path, out var known)
                    && (known.Length, known.Written) == (file.Length, file.LastWriteTimeUtc)
                )
                {
                    return known.Sha256;
                }
            }

            using var content = RegularFile.OpenRead(path);
            var sha256 = Convert.ToHexStringLower(SHA256.HashData(content));
            lock (sync)
            {
                hashes[path] = (file.Length, file.LastWriteTimeUtc, sha256);
            }

            return sha256;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.ProviderExecutableFailed,
                $"{path} cannot be read ({fault.Message.TrimEnd('.')}). Check it, or choose another program.",
                fault
            );
        }
    }

    private static IEnumerable<string> In(string folder, string pattern)
    {
        try
        {
            return Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, pattern).Take(MaxPrograms)] : [];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static FailureException Refused(string path, string why) =>
        new(FailureKind.ProviderExecutableFailed, $"{path} {why}. Give the program's absolute path in the provider's settings.");
}

internal sealed record StoredApprovals(IReadOnlyList<StoredApproval>? Programs);

internal sealed record StoredApproval(string Path, string Sha256, DateTime ApprovedAt);

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower
)]
[JsonSerializable(typeof(StoredApprovals))]
internal sealed partial class ApprovalContext : JsonSerializerContext;
