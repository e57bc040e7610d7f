;;; Opens program.py in Emacs, waits for the server's diagnostics, takes the code action that learns of
;;; `learning_rate`, and writes what it saw to seen.json and the file.  Run in a folder that holds program.py, with the
;;; server's command in KERASAST_SERVER:
;;;   emacs --batch -l emacs.el
(require 'package)
(package-initialize)
(require 'eglot)
(require 'json)

(setq eglot-sync-connect 60
      eglot-connect-timeout 60
      eglot-confirm-server-initiated-edits nil
      eglot-events-buffer-size 0)
(add-to-list 'eglot-server-programs
             (cons 'python-mode (split-string (getenv "KERASAST_SERVER"))))

(defun seen-rules ()
  "The messages of the diagnostics in this buffer, by the rules that the server names."
  (mapcar (lambda (item)
            (cdr (assq 'eglot-lsp-diag (flymake-diagnostic-data item))))
          (flymake-diagnostics)))

(defun seen-codes ()
  "The rules of the diagnostics in this buffer, in order."
  (sort (mapcar (lambda (item) (plist-get item :code)) (seen-rules)) #'string<))

(defun wait-for (wanted)
  "Wait until WANTED gives something, for at most a minute."
  (let ((end (+ (float-time) 60)) found)
    (while (and (not (setq found (funcall wanted))) (< (float-time) end))
      (flymake-start)
      (accept-process-output nil 0.1))
    found))

(setq vc-handled-backends nil)
(find-file "program.py")
(python-mode)
(call-interactively #'eglot)
(wait-for (lambda () (= (length (flymake-diagnostics)) 2)))
(let ((before (seen-codes))
      (server (eglot-current-server))
      actions)
  (goto-char (point-min))
  (forward-line 3)
  (setq actions (eglot-code-actions (line-beginning-position) (line-end-position)))
  (let ((fix (seq-find (lambda (action) (string-match-p "learning_rate" (plist-get action :title))) actions)))
    (eglot--apply-workspace-edit (plist-get fix :edit))
    (eglot--signal-textDocument/didChange)) ; which Emacs does when idle, and in batch it never is
  (wait-for (lambda () (= (length (flymake-diagnostics)) 1)))
  (let* ((after (seen-codes))
         (uri (eglot--TextDocumentIdentifier))
         (story (jsonrpc-request server :kerasast/lifecycle
                                 (list :textDocument uri :position '(:line 2 :character 1))))
         said)
    (cl-defmethod eglot-handle-notification :before
      (_server (_method (eql window/showMessage)) &key message &allow-other-keys)
      (setq said message))
    (jsonrpc-request server :workspace/executeCommand
                     '(:command "kerasast.server.explainRule" :arguments ["save-before-build"]))
    (wait-for (lambda () said))
    (save-buffer)
    (with-temp-file "seen.json"
      (insert (json-encode
               `((before . ,(vconcat before))
                 (after . ,(vconcat after))
                 (story . ,(vconcat (mapcar (lambda (event) (plist-get event :kind))
                                            (plist-get story :events))))
                 (explained . ,(or said ""))))))
    (eglot-shutdown server)))
