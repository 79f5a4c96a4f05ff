using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Edits;

/// <summary>Shows other processes that this one is running, by keeping a file locked until it ends.</summary>
internal sealed class LivenessFile : IDisposable
{
    private readonly string folder;
    private readonly FileStream file;

    public LivenessFile(string folder)
    {
        this.folder = folder;
        Token = Ids.New("life");
        DurableFile.CreatePrivateDirectory(folder);
        file = DurableFile.OpenPrivate(Path.Combine(folder, Token), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
    }

    public string Token { get; }

    public bool IsAlive(string token)
    {
        if (token == Token)
        {
            return true;
        }

        var path = Path.Combine(folder, Path.GetFileName(token));
        try
        {
            using (DurableFile.OpenPrivate(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None)) { }
            File.Delete(path);
            return false;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (IOException exception) when (FileLock.IsHeldElsewhere(exception))
        {
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        file.Dispose();
        File.Delete(file.Name);
    }
}
